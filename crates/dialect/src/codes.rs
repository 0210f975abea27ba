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
    FAILING_CALL = "LG0127", "A call in an expression that fails in every run";
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
    MISSING_WORKFLOW = "LG0181", "A called workflow that is not there";
    NOT_CALLABLE = "LG0182", "A workflow that cannot be called";
    UNKNOWN_CALL_INPUT = "LG0183", "An input that the called workflow does not have";
    MISSING_CALL_INPUT = "LG0184", "A called workflow does not get a required input";
    WRONG_CALL_INPUT = "LG0185", "An input of the wrong type for the called workflow";
    UNKNOWN_CALL_SECRET = "LG0186", "A secret that the called workflow does not have";
    MISSING_CALL_SECRET = "LG0187", "A called workflow does not get a required secret";
    RAISED_PERMISSIONS = "LG0188", "A called workflow asks for more than it is allowed";
    WORKFLOWS_CYCLE = "LG0189", "A workflow calls itself";
    TOO_MANY_WORKFLOWS = "LG0190", "More called workflows than possible";
    UNTRUSTED_SCRIPT = "LG0201", "Untrusted text becomes part of a script";
    INPUT_IN_SCRIPT = "LG0202", "An input or the name of a branch becomes part of a script";
    TAINTED_OUTPUT = "LG0203", "An output that may hold untrusted text becomes part of a script";
    UNTRUSTED_ENVIRONMENT = "LG0204", "Untrusted text decides the environment of later steps";
    USELESS_ALLOWANCE = "LG0205", "An allowance that allows nothing";
    BRANCH_ACTION = "LG0206", "The version of an action is a branch";
    UNPINNED_ACTION = "LG0207", "An action is not pinned to a commit";
    UNPINNED_IMAGE = "LG0208", "An image is not pinned to a digest";
    WRONG_VERSION_COMMENT = "LG0209", "The commit of an action is not that of the version beside it";
    WRONG_LOCK = "LG0210", "The lock file cannot be read";
    NOT_LOCKED = "LG0211", "An action that the lock file does not have";
    UNUSED_LOCK = "LG0212", "A version in the lock file that nothing uses";
    MOVED_TAG = "LG0213", "A version is another commit than the lock file says";
    NO_PERMISSIONS = "LG0216", "Nothing limits what the token may do";
    ALL_PERMISSIONS = "LG0217", "The token may do everything";
    BROAD_PERMISSIONS = "LG0218", "Every job gets a permission to write";
    STRANGERS_WRITE = "LG0219", "A permission to write in a run that strangers start";
    STRANGERS_CODE = "LG0221", "Code of strangers runs with the secrets of the repository";
    PRIVILEGED_TRIGGER = "LG0222", "An event that runs with secrets for strangers";
    COMMENT_COMMAND = "LG0223", "Anybody can give commands by a comment";
    STRANGERS_ARTIFACT = "LG0224", "An artifact of strangers is used with secrets";
    DEPLOYS_PULL_REQUEST = "LG0225", "A job that deploys runs for pull requests";
    SELF_HOSTED_RUNNER = "LG0226", "Code of strangers runs on a machine of your own";
    CACHE_IN_RELEASE = "LG0227", "A release is built from a cache";
    SECRET_IN_SCRIPT = "LG0231", "A secret becomes part of a script";
    ALL_SECRETS = "LG0232", "A step gets every secret";
    SECRETS_INHERITED = "LG0233", "A workflow of others gets every secret";
    WRITTEN_SECRET = "LG0234", "A secret is written in the file";
    UNSECURE_COMMANDS = "LG0235", "Commands that were switched off for their danger are allowed";
    CREDENTIALS_IN_ARTIFACT = "LG0236", "An artifact holds the token of the checkout";
    OBSOLETE_COMMAND = "LG0241", "A command to the runner that is obsolete";
    OBSOLETE_ACTION = "LG0242", "A version of an action that is obsolete";
    OBSOLETE_RUNNER = "LG0243", "A runner that does not exist";
    NO_CHECKOUT = "LG0244", "A file of the repository in a job without a checkout";
    UNREACHABLE_SERVICE = "LG0245", "A service that no step can reach";
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
