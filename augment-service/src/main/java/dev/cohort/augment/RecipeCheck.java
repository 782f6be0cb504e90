package dev.cohort.augment;

import dev.cohort.protocol.Box;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Recipe;
import dev.cohort.tensor.Ints;

/** Checks that a recipe fits the data. It may come from a process with other data, or from a hostile one. */
final class RecipeCheck {
    private RecipeCheck() {}

    static void requireFits(Recipe recipe, Recipe.View view, ImageShape shape, int trainImages) {
        int rows = recipe.rows();
        if (recipe.cropPadding() < 0 || recipe.cropPadding() > Short.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "crop padding " + recipe.cropPadding() + ": must be 0 to " + Short.MAX_VALUE);
        }
        if ((long) rows * shape.size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(rows + " rows of " + shape + ": must be at most 2 GiB together");
        }
        within("sample id", recipe.sampleIds(), rows, trainImages - 1);
        within("crop x", view.cropX(), rows, 2 * recipe.cropPadding());
        within("crop y", view.cropY(), rows, 2 * recipe.cropPadding());
        within("flip", view.flip(), rows, 1);
        recipe.partners().forEach(partner -> within("partner", partner, rows, rows - 1));
        if (recipe.blend().isPresent()) {
            blend(recipe.blend().getAsDouble(), view);
        } else if (view.boxes().size() != recipe.partners().size()) {
            throw new IllegalArgumentException(
                    view.boxes().size() + " boxes for " + recipe.partners().size() + " partners: must be equal");
        }
        for (Box box : view.boxes()) {
            if (box.x2() > shape.width() || box.y2() > shape.height()) {
                throw new IllegalArgumentException(box + ": must lie within " + shape);
            }
        }
    }

    private static void within(String what, Ints values, int rows, int max) {
        if (values.size() != rows) {
            throw new IllegalArgumentException(
                    values.size() + " values of " + what + " for " + rows + " rows: must be equal");
        }
        for (int row = 0; row < rows; row++) {
            if (values.get(row) < 0 || values.get(row) > max) {
                throw new IllegalArgumentException(
                        what + " " + values.get(row) + " in row " + row + ": must be 0 to " + max);
            }
        }
    }

    private static void blend(double blend, Recipe.View view) {
        double units = blend * Recipe.BLEND_UNITS;
        if (!(blend >= 0 && blend <= 1) || units != Math.rint(units)) {
            throw new IllegalArgumentException(
                    "blend " + blend + ": must be 0 to 1 and a multiple of 1/" + Recipe.BLEND_UNITS);
        }
        if (!view.boxes().isEmpty()) {
            throw new IllegalArgumentException("blend with " + view.boxes().size() + " boxes: must have none");
        }
    }
}
