//! Every code of a diagnostic that reading files can give.

/// A code and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code, such as `LG0101`.
    pub code: &'static str,
    /// What it is about, as a title.
    pub title: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: &str = $code;
        )+

        /// Every code, in order.
        pub const ALL: &[Code] = &[$(Code { code: $code, title: $title }),+];
    };
}

codes! {
    YAML_SYNTAX = "LG0101", "The text is no YAML";
    YAML_DUPLICATE_KEY = "LG0102", "A key is given twice";
    YAML_BUDGET = "LG0103", "The file is larger than what is read";
    YAML_UNSUPPORTED = "LG0104", "A part of YAML that is not read";
    EMPTY_FILE = "LG0105", "The file is empty";
    NOT_UTF8 = "LG0106", "The file is no UTF-8 text";
    UNKNOWN_KEY = "LG0111", "An unknown key";
    MISSING_KEY = "LG0112", "A key is missing";
    WRONG_TYPE = "LG0113", "A value of the wrong type";
    WRONG_VALUE = "LG0114", "A value that is not possible here";
    NUMBER_CHANGES = "LG0115", "A number that loses how it is written";
    EXPRESSION_SYNTAX = "LG0121", "The text is no expression";
    CONTEXT_UNAVAILABLE = "LG0122", "A context that is not available here";
    FUNCTION_UNAVAILABLE = "LG0123", "A function that is not available here";
    CONDITION_IS_TEXT = "LG0124", "A condition that is always true";
    UNKNOWN_REFERENCE = "LG0125", "An expression names something that is not there";
    EXPRESSION_NOT_ALLOWED = "LG0126", "An expression where none is evaluated";
    UNKNOWN_EVENT = "LG0131", "An unknown event";
    WRONG_FILTER = "LG0132", "A filter that the event does not have or that contradicts another";
    WRONG_PATTERN = "LG0133", "A pattern that matches nothing";
    WRONG_SCHEDULE = "LG0134", "A schedule that is not possible";
    MISPLACED_EVENT = "LG0135", "An event outside of `on`";
    WRONG_INPUT = "LG0136", "An input that contradicts itself";
    UNKNOWN_NEED = "LG0141", "A job needs one that is not there";
    NEEDS_CYCLE = "LG0142", "Jobs wait for each other";
    WRONG_ID = "LG0143", "An id that is not possible";
    DUPLICATE_ID = "LG0144", "An id is given twice";
    NO_STEPS = "LG0145", "A job without steps";
    STEP_BODY = "LG0146", "A step that does nothing or two things";
    WRONG_ACTION = "LG0147", "A `uses` that names no action";
    WRONG_MATRIX = "LG0148", "A matrix without combinations";
    NOT_YET_SUPPORTED = "LG0161", "Valid, and not supported by this version";
    NO_EFFECT = "LG0162", "Valid, and without effect here";
    WRONG_ACTION_FILE = "LG0171", "An action that cannot be run";
    MISSING_ACTION = "LG0172", "An action that is not there";
    ACTIONS_CYCLE = "LG0173", "An action uses itself";
    UNKNOWN_ACTION_INPUT = "LG0174", "An input that the action does not have";
    MISSING_ACTION_INPUT = "LG0175", "A required input is not given";
    WRONG_LOCK = "LG0210", "The lock file cannot be read";
}

/// Returns what `code` is about.
pub fn title(code: &str) -> Option<&'static str> {
    ALL.iter().find(|known| known.code == code).map(|known| known.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unique() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(title("LG0142"), Some("Jobs wait for each other"));
        assert_eq!(title("LG9999"), None);
    }
}
