package dev.cohort.study.view;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.List;

/** What a command reports, for people and for programs. */
public interface Printout {
    /** For people; each line stands by itself. */
    List<String> lines();

    /** For programs. */
    JsonNode json();

    /** One of the two forms. JSON takes one line. */
    default List<String> in(OutputFormat format) {
        return format == OutputFormat.json ? List.of(json().toString()) : lines();
    }

    default void print(OutputFormat format, PrintStream out) {
        in(format).forEach(out::println);
    }
}
