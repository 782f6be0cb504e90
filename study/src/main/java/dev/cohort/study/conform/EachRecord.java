package dev.cohort.study.conform;

import dev.cohort.protocol.Message;
import dev.cohort.runtime.RecordedLog;

/** A rule that judges each message of one type by itself and what came before. */
record EachRecord<M extends Message>(String name, String promise, Class<M> type, Test<M> test) implements Rule {
    /** Judges one message. */
    interface Test<M> {
        Ruling judge(M message, RecordedLog.Said record, Course course);
    }

    @Override
    public Ruling take(RecordedLog.Said record, Course course) {
        return type.isInstance(record.message())
                ? test.judge(type.cast(record.message()), record, course)
                : Ruling.NOT_CONCERNED;
    }
}
