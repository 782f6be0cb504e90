package dev.cohort.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Nothing that is written or read depends on the language, the time zone or the encoding of the machine. */
@AnalyzeClasses(packages = "dev.cohort", importOptions = ImportOption.DoNotIncludeTests.class)
class SurroundingsTest {
    private static final Set<String> SAYS_WHICH = Set.of(
            "java.util.Locale",
            "java.nio.charset.Charset",
            "java.nio.charset.CharsetDecoder",
            "java.nio.charset.CharsetEncoder",
            "java.text.DecimalFormatSymbols",
            "java.time.ZoneId",
            "java.time.Clock");
    private static final Set<String> FORMATS = Set.of("format", "formatted", "printf", "toLowerCase", "toUpperCase");
    private static final Set<String> TEXT = Set.of("java.lang.String", "java.io.PrintStream", "java.io.PrintWriter");
    /** Depend on the default charset or locale, unless a parameter names one. */
    private static final Set<String> MADE = Set.of(
            "java.io.InputStreamReader",
            "java.io.OutputStreamWriter",
            "java.io.FileReader",
            "java.io.FileWriter",
            "java.io.PrintStream",
            "java.text.DecimalFormat",
            "java.text.SimpleDateFormat",
            "java.text.MessageFormat",
            "java.util.Formatter",
            "java.util.Scanner");
    /** Static methods that depend on a default, without a parameter for it. */
    private static final Set<String> ASKED = Set.of(
            "java.nio.charset.Charset.defaultCharset",
            "java.util.Locale.getDefault",
            "java.util.TimeZone.getDefault",
            "java.time.ZoneId.systemDefault",
            "java.time.LocalDate.now",
            "java.time.LocalTime.now",
            "java.time.LocalDateTime.now",
            "java.time.OffsetDateTime.now",
            "java.time.ZonedDateTime.now",
            "java.text.NumberFormat.getInstance",
            "java.text.NumberFormat.getNumberInstance",
            "java.text.NumberFormat.getIntegerInstance",
            "java.text.NumberFormat.getPercentInstance",
            "java.text.Collator.getInstance",
            "java.time.format.DateTimeFormatter.ofPattern",
            "java.time.format.DateTimeFormatter.ofLocalizedDate",
            "java.time.format.DateTimeFormatter.ofLocalizedDateTime");

    @ArchTest
    static final ArchRule nothingAsksTheMachineForItsLanguageTimeZoneOrEncoding = noClasses()
            .should()
            .accessTargetWhere(describe("takes the machine's language, time zone or encoding", SurroundingsTest::asks))
            .because("a checkpoint that is named in other digits is not found again: say Locale.ROOT, UTC or UTF_8");

    @Test
    void findsEveryWayToAsk() {
        assertThat(new ClassFileImporter()
                        .importClasses(Asking.class).get(Asking.class).getAccessesFromSelf().stream()
                                .filter(SurroundingsTest::asks)
                                .map(access -> access.getTarget().getName()))
                .containsExactlyInAnyOrder(
                        "format", "formatted", "toUpperCase", "getBytes", "<init>", "systemDefault", "toString");
    }

    /** What the rule is to find, and beside it what it is not. */
    @SuppressWarnings({"UnusedMethod", "StringCaseLocaleUsage", "DefaultCharset"})
    private static final class Asking {
        List<Object> all(byte[] bytes, ByteArrayOutputStream out) {
            return List.of(
                    String.format("%d", 1),
                    "%d".formatted(1),
                    "i".toUpperCase(),
                    "i".getBytes(),
                    new String(bytes),
                    ZoneId.systemDefault(),
                    out.toString(),
                    String.format(Locale.ROOT, "%d", 1),
                    new String(bytes, StandardCharsets.UTF_8),
                    new String(new char[] {'i'}),
                    out.toString(StandardCharsets.UTF_8));
        }
    }

    private static boolean asks(JavaAccess<?> access) {
        return access.getTarget() instanceof CodeUnitCallTarget target
                && asks(
                        target.getOwner().getFullName(),
                        target.getName(),
                        target.getRawParameterTypes().stream()
                                .map(JavaClass::getFullName)
                                .toList());
    }

    private static boolean asks(String owner, String name, List<String> parameters) {
        if (parameters.stream().anyMatch(SAYS_WHICH::contains)) {
            return false;
        }
        boolean bytes = parameters.contains("[B") || parameters.contains("java.io.OutputStream");
        if (name.equals(JavaConstructor.CONSTRUCTOR_NAME)) {
            return MADE.contains(owner) || (TEXT.contains(owner) && bytes);
        }
        return (TEXT.contains(owner) && FORMATS.contains(name))
                || (owner.equals("java.lang.String") && name.equals("getBytes"))
                || (owner.equals("java.io.ByteArrayOutputStream") && name.equals("toString"))
                || ASKED.contains(owner + "." + name);
    }
}
