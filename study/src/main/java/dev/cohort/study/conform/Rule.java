package dev.cohort.study.conform;

import dev.cohort.runtime.RecordedLog;

/** One rule of the protocol, judged record by record in the order of the log. */
interface Rule {
    /** Name, unique among the rules. */
    String name();

    /** What a peer must do, in one sentence. */
    String promise();

    /** Judges a record; {@code course} holds everything before it. */
    Ruling take(RecordedLog.Said record, Course course);

    /** Judges a record that no reader accepts. */
    default Ruling refused(RecordedLog.Refused record, Course course) {
        return Ruling.NOT_CONCERNED;
    }

    /** Judges the whole, after the last record. */
    default Ruling end(Course course) {
        return Ruling.NOT_CONCERNED;
    }
}
