package dev.cohort.coordinator;

import dev.cohort.coordinator.members.Member;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Rejection;
import dev.cohort.tensor.Digest;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a coordinator knows, as an immutable value.
 *
 * @param applied last step whose outcome was applied
 * @param waitingFor peers whose prediction of the open step is missing
 * @param waitingMs since when the open step is open
 * @param waitingBecause what it waits for and why, for people; empty when it does not wait
 * @param paused whether too few contributors are there to go on
 * @param aborted whether the run was given up
 * @param targets outcomes with targets applied
 * @param skipped outcomes without
 * @param rejections predictions not used, by reason
 * @param teacherState hash of the teacher's state after {@code applied}
 * @param members everybody heard of
 */
public record CoordinatorStatus(
        String name,
        long applied,
        List<PeerId> waitingFor,
        long waitingMs,
        String waitingBecause,
        boolean paused,
        boolean aborted,
        long targets,
        long skipped,
        SortedMap<Rejection.Reason, Long> rejections,
        Digest teacherState,
        List<Member> members) {
    public CoordinatorStatus {
        waitingFor = List.copyOf(waitingFor);
        rejections = Collections.unmodifiableSortedMap(new TreeMap<>(rejections));
        members = List.copyOf(members);
    }
}
