package dev.cohort.protocol.wire;

import dev.cohort.protocol.Draining;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.wire.proto.Wire;

/** Encodes messages about the standing of peers. */
final class MembersWriter {
    private MembersWriter() {}

    static Wire.StandingChange change(StandingChange c) {
        return Wire.StandingChange.newBuilder()
                .setPeer(c.peer().value())
                .setIncarnation(c.incarnation())
                .setStanding(
                        switch (c.standing()) {
                            case EXPECTED -> Wire.Standing.STANDING_EXPECTED;
                            case CANDIDATE -> Wire.Standing.STANDING_CANDIDATE;
                            case LIVE -> Wire.Standing.STANDING_LIVE;
                            case LAGGING -> Wire.Standing.STANDING_LAGGING;
                            case DRAINING -> Wire.Standing.STANDING_DRAINING;
                            case GONE -> Wire.Standing.STANDING_GONE;
                            case SET_ASIDE -> Wire.Standing.STANDING_SET_ASIDE;
                            case LEFT -> Wire.Standing.STANDING_LEFT;
                        })
                .setStep(c.step())
                .setWhy(c.why())
                .build();
    }

    static Wire.Draining draining(Draining d) {
        return Wire.Draining.newBuilder()
                .setPeer(d.peer().value())
                .setIncarnation(d.incarnation())
                .setLastStep(d.lastStep())
                .setReason(d.reason())
                .build();
    }
}
