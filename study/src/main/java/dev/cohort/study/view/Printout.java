package dev.cohort.study.view;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.util.List;

/** The result of a command, as text and as JSON. */
public interface Printout {
    /** Text, by lines. */
    List<String> lines();

    JsonNode json();

    /** The lines in one of the two formats; JSON is one line. */
    default List<String> in(OutputFormat format) {
        return format == OutputFormat.json ? List.of(json().toString()) : lines();
    }

    default void print(OutputFormat format, PrintStream out) {
        in(format).forEach(out::println);
    }
}
