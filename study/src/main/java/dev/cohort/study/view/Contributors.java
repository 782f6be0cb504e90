package dev.cohort.study.view;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The contributors of the newest outcome, and how they changed. */
final class Contributors {
    private Set<PeerId> now = Set.of();

    /** Takes in the next outcome; returns the changes, as text by the names of the peers concerned. */
    Map<String, String> take(Outcome outcome) {
        Set<PeerId> before = now;
        Set<PeerId> named = new TreeSet<>();
        outcome.contributors().forEach(c -> named.add(c.peer()));
        now = named;
        Map<String, String> changes = new LinkedHashMap<>();
        if (before.isEmpty() && !named.isEmpty()) {
            String names = named.stream().map(PeerId::value).collect(Collectors.joining(", "));
            changes.put(names, "contribute from step " + outcome.step());
            return changes;
        }
        named.stream()
                .filter(id -> !before.contains(id))
                .forEach(id -> changes.put(id.value(), "contributes from step " + outcome.step()));
        before.stream()
                .filter(id -> !named.contains(id))
                .forEach(id -> changes.put(id.value(), "does not contribute from step " + outcome.step()));
        return changes;
    }

    Set<PeerId> now() {
        return Collections.unmodifiableSet(now);
    }
}
