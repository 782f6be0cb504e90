package dev.cohort.protocol.wire;

import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.wire.proto.Wire;

/** Decodes messages about the standing of peers. */
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
                c.getIncarnation(),
                standing,
                c.getStep(),
                checks.forPeople(c.getWhy(), "reason"));
    }

    Draining draining(Wire.Draining d) {
        return new Draining(
                checks.peer(d.getPeer()),
                d.getIncarnation(),
                d.getLastStep(),
                checks.forPeople(d.getReason(), "reason"));
    }
}
