package dev.cohort.protocol.wire;

import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.wire.proto.Wire;

/** What is said about the standing of peers, out of envelopes. */
final class MembersReader {
    private final Checks checks;

    MembersReader(Checks checks) {
        this.checks = checks;
    }

    StandingChange change(Wire.StandingChange c) {
        Standing standing = switch (c.getStanding()) {
            case STANDING_EXPECTED -> Standing.EXPECTED;
            case STANDING_CANDIDATE -> Standing.CANDIDATE;
            case STANDING_LIVE -> Standing.LIVE;
            case STANDING_LAGGING -> Standing.LAGGING;
            case STANDING_DRAINING -> Standing.DRAINING;
            case STANDING_GONE -> Standing.GONE;
            case STANDING_SET_ASIDE -> Standing.SET_ASIDE;
            case STANDING_LEFT -> Standing.LEFT;
            case STANDING_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown standing " + c.getStandingValue());
        };
        return new StandingChange(
                checks.peer(c.getPeer()),
                checks.atLeast(0, c.getIncarnation(), "incarnation"),
                standing,
                checks.atLeast(1, c.getStep(), "step"),
                checks.name(c.getWhy(), "reason"));
    }

    Draining draining(Wire.Draining d) {
        return new Draining(
                checks.peer(d.getPeer()),
                checks.atLeast(1, d.getIncarnation(), "incarnation"),
                checks.atLeast(0, d.getLastStep(), "last step"),
                checks.name(d.getReason(), "reason"));
    }
}
