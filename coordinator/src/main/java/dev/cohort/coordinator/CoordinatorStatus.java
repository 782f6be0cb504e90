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
 * The status of a coordinator at one moment.
 *
 * @param applied last step whose outcome was applied
 * @param waitingFor peers whose prediction of the open step is missing
 * @param waitingMs for how long the open step has been open
 * @param waitingBecause what the coordinator waits for and why, for operators; empty when it does not wait
 * @param paused whether too few contributors are present to continue
 * @param aborted whether the run was aborted
 * @param targets outcomes with targets applied
 * @param skipped outcomes without targets applied
 * @param rejections rejected predictions and evaluations, by reason
 * @param teacherState hash of the teacher's state after {@code applied}
 * @param members all known members
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
