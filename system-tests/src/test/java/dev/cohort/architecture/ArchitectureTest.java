package dev.cohort.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/** Permitted dependencies. */
@AnalyzeClasses(packages = "dev.cohort", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    /** Deterministic code: what it computes reaches a message, a batch or a weight. */
    private static final String[] PURE = {
        "dev.cohort.tensor",
        "dev.cohort.protocol",
        "dev.cohort.experiment",
        "dev.cohort.distill..",
        "dev.cohort.augment",
        "dev.cohort.coordinator",
        "dev.cohort.coordinator.follow",
        "dev.cohort.coordinator.members",
        "dev.cohort.coordinator.speak",
        "dev.cohort.coordinator.teacher",
        "dev.cohort.coordinator.method..",
        "dev.cohort.peer",
        "dev.cohort.peer.plain"
    };

    private static final List<String> VAGUE_ENDINGS = List.of("Manager", "Helper", "Util", "Utils", "Impl", "Service");

    @ArchTest
    static final ArchRule pureCodeKnowsNoOutsideWorld = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.apache.kafka..",
                    "io.vertx..",
                    "ai.djl..",
                    "io.micrometer..",
                    "org.slf4j..",
                    "com.fasterxml..",
                    "java.net..",
                    "java.io..",
                    "java.nio.file..",
                    "java.util.concurrent..",
                    "java.time..")
            .because("nodes and mathematics run under the simulation and in production alike: input in, output out");

    @ArchTest
    static final ArchRule pureCodeAsksNoClockAndNoChance = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .callMethodWhere(describe("a clock, chance, a thread or the environment", ArchitectureTest::isImpure))
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Thread.class)
            .because("time is an argument and every draw comes from a seed, else a run could not be repeated");

    @ArchTest
    static final ArchRule pureCodeVisitsNothingInHashOrder = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat(describe("hashed collections", ArchitectureTest::isHashed))
            .because("their order differs between processes and would reach messages; use TreeMap, TreeSet or a list");

    @ArchTest
    static final ArchRule protobufStaysInTheCodec = noClasses()
            .that()
            .resideOutsideOfPackage("dev.cohort.protocol.wire..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.google.protobuf..")
            .because("how messages look on the wire is known in one place only");

    @ArchTest
    static final ArchRule djlStaysInItsPackage = noClasses()
            .that()
            .resideOutsideOfPackage("dev.cohort.peer.djl..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl..")
            .because("another framework must be able to take its place behind the Learner port");

    @ArchTest
    static final ArchRule kafkaStaysInItsPackage = noClasses()
            .that()
            .resideOutsideOfPackages("dev.cohort.runtime.kafka..", "dev.cohort.broker..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.kafka..", "kafka..")
            .because("the log is a port; the simulation has another one");

    @ArchTest
    static final ArchRule vertxStaysInTheRuntime = noClasses()
            .that()
            .resideOutsideOfPackage("dev.cohort.runtime..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.vertx..")
            .because("verticles, event loops and HTTP are the shell's business");

    @ArchTest
    static final ArchRule rolesDoNotSeeOneAnother = slicesOfRoles()
            .because(
                    "peer, coordinator and augmenter are processes of their own; they share messages and nothing else");

    @ArchTest
    static final ArchRule kafkasServerStaysInTheBroker = noClasses()
            .that()
            .resideOutsideOfPackage("dev.cohort.broker..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("kafka.server..", "org.apache.kafka.server..", "org.apache.kafka.metadata..")
            .because("a peer on another machine needs Kafka's client only");

    @ArchTest
    static final ArchRule coresSeeTheProtocolOnly = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.cohort.runtime..", "dev.cohort..process..")
            .because("the simulation drives the same node as a process does, so a node knows neither of them");

    @ArchTest
    static final ArchRule followingDoesNotDependOnTheSpeakingParts = noClasses()
            .that()
            .resideInAPackage("dev.cohort.coordinator.follow")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.cohort.coordinator", "dev.cohort.coordinator.members", "dev.cohort.coordinator.speak")
            .because(
                    "the state that follows from the log does not depend on its reader, on clocks or on live processes");

    @ArchTest
    static final ArchRule rolesStartWithoutALauncher = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.cohort.runtime..", "dev.cohort.augment..", "dev.cohort.coordinator..", "dev.cohort.peer..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.cohort.launch..", "dev.cohort.study..", "dev.cohort.broker..", "picocli..")
            .because("a container, a test or another program starts a role with three lines of Java");

    @ArchTest
    static final ArchRule studyNeedsNoRunningRun = noClasses()
            .that()
            .resideInAPackage("dev.cohort.study..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.cohort.launch..", "dev.cohort.broker..")
            .because("a run is studied from its log, wherever that is, when all its processes have ended");

    @ArchTest
    static final ArchRule optionsAreParsedInTheCommandLineOnly = noClasses()
            .that()
            .resideOutsideOfPackage("dev.cohort.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("picocli..")
            .because("what a command does must be usable without a command line");

    @ArchTest
    static final ArchRule nothingDependsOnTheCommandLine = noClasses()
            .that()
            .resideOutsideOfPackage("dev.cohort.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.cohort.cli..")
            .because("the command wires the parts; the parts do not know who wires them");

    @ArchTest
    static final ArchRule packagesHaveNoCycles = slices().matching("dev.cohort.(**)")
            .should()
            .beFreeOfCycles()
            .because("a reader must be able to begin somewhere");

    @ArchTest
    static final ArchRule nothingStaticChanges = fields().that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat(describe("are written by hand", ArchitectureTest::isWrittenByHand))
            .should()
            .beFinal()
            .because("state belongs to an object that is created and passed on");

    @ArchTest
    static final ArchRule namesSayWhatAThingIs = classes()
            .that(describe("are written by hand", ArchitectureTest::isWrittenByHand))
            .should(haveATellingName())
            .because("a vague name hides an undecided purpose");

    @ArchTest
    static final ArchRule messagesAreRecords = classes()
            .that()
            .implement(Message.class)
            .should()
            .beRecords()
            .because("a message is a value: equal by content, never changed");

    @ArchTest
    static final ArchRule nodesAreFinal = classes()
            .that()
            .implement(Node.class)
            .should()
            .haveModifier(JavaModifier.FINAL)
            .because("a node promises equal outputs for equal inputs; an override could break that unseen");

    @ArchTest
    static final ArchRule everyPackageIsNullMarked = classes()
            .that(describe("are written by hand", ArchitectureTest::isWrittenByHand))
            .should(liveInANullMarkedPackage())
            .because("NullAway checks marked packages only");

    private static boolean isImpure(JavaCall<?> call) {
        String owner = call.getTargetOwner().getFullName();
        String name = call.getTarget().getName();
        return switch (owner) {
            case "java.lang.System" -> !name.equals("arraycopy");
            case "java.lang.Math" -> name.equals("random");
            case "java.util.UUID" -> name.equals("randomUUID");
            case "java.lang.Thread", "java.lang.Runtime", "java.util.Collections" ->
                !owner.equals("java.util.Collections") || name.equals("shuffle");
            default -> false;
        };
    }

    private static boolean isHashed(JavaClass type) {
        return List.of("java.util.HashMap", "java.util.HashSet", "java.util.IdentityHashMap", "java.util.WeakHashMap")
                .contains(type.getFullName());
    }

    private static boolean isWrittenByHand(JavaClass type) {
        return type.getSource()
                .flatMap(source -> source.getFileName())
                .map(file -> !type.getPackageName().endsWith(".wire.proto"))
                .orElse(false);
    }

    private static ArchRule slicesOfRoles() {
        Map<String, String> roles = Map.of(
                "dev.cohort.augment..", "augment",
                "dev.cohort.coordinator..", "coordinator",
                "dev.cohort.peer..", "peer");
        DescribedPredicate<JavaClass> anyRole =
                resideInAnyPackage(roles.keySet().toArray(String[]::new));
        return classes().that(anyRole).should(new ArchCondition<>("see no other role") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getDirectDependenciesFromSelf().stream()
                        .filter(d -> anyRole.test(d.getTargetClass()))
                        .filter(d -> !role(d.getTargetClass()).equals(role(type)))
                        .forEach(d -> events.add(SimpleConditionEvent.violated(d, d.getDescription())));
            }
        });
    }

    private static String role(JavaClass type) {
        return type.getPackageName().split("\\.", -1)[2];
    }

    private static ArchCondition<JavaClass> haveATellingName() {
        return new ArchCondition<>("not end in one of " + VAGUE_ENDINGS) {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean vague = VAGUE_ENDINGS.stream().anyMatch(type.getSimpleName()::endsWith)
                        || type.getSimpleName().startsWith("Abstract");
                if (vague) {
                    events.add(SimpleConditionEvent.violated(type, type.getFullName() + " has a vague name"));
                }
            }
        };
    }

    private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
        return new ArchCondition<>("live in a package whose package-info is @NullMarked") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
                    events.add(SimpleConditionEvent.violated(
                            type, type.getFullName() + ": " + type.getPackageName() + " is not @NullMarked"));
                }
            }
        };
    }
}
