package dev.cohort.study.tables;

/**
 * One column of a table.
 *
 * @param unit of its numbers, empty if there is none
 * @param meaning for people, including when a cell is empty
 */
public record Column(String name, Type type, String unit, String meaning) {
    /** Type of the cells. Every cell may be empty. */
    public enum Type {
        FLAG("BOOLEAN"),
        NUMBER("BIGINT"),
        REAL("DOUBLE"),
        TEXT("VARCHAR");

        private final String sql;

        Type(String sql) {
            this.sql = sql;
        }

        /** Name of the type in SQL. */
        public String sql() {
            return sql;
        }
    }

    static Column flag(String name, String meaning) {
        return new Column(name, Type.FLAG, "", meaning);
    }

    static Column number(String name, String unit, String meaning) {
        return new Column(name, Type.NUMBER, unit, meaning);
    }

    static Column number(String name, String meaning) {
        return number(name, "", meaning);
    }

    static Column real(String name, String unit, String meaning) {
        return new Column(name, Type.REAL, unit, meaning);
    }

    static Column text(String name, String meaning) {
        return new Column(name, Type.TEXT, "", meaning);
    }
}
