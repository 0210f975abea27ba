//! What `tr` makes of the line breaks of a text.

use super::super::signs::{meant, signs};
use super::effect::Effect;

/// Returns what `tr` with these words behind it makes of line breaks.
pub(super) fn translated(words: &[&str]) -> Effect {
    effect(words).unwrap_or(Effect::Unknown)
}

fn effect(words: &[&str]) -> Option<Effect> {
    let mut options = String::new();
    let mut sets = Vec::new();
    let mut is_option = true;
    for word in words {
        let text = meant(word)?;
        is_option &= text.starts_with('-') && text.len() > 1;
        match text.as_str() {
            "--" if is_option => is_option = false,
            "--complement" if is_option => options.push('c'),
            "--delete" if is_option => options.push('d'),
            "--squeeze-repeats" if is_option => options.push('s'),
            "--truncate-set1" if is_option => options.push('t'),
            _ if is_option => options += &text[1..],
            _ => sets.push(set(&text)?),
        }
    }
    let has = |letter| options.contains(letter);
    let first = sets.first()?;
    let is_complement = has('c') || has('C');
    let is_chosen = first.contains(&b'\n') != is_complement;
    let taken = |is_taken| if is_taken { Effect::Takes } else { Effect::Leaves };
    let Some(second) = sets.get(1).filter(|_| !has('d')) else {
        return Some(taken(is_chosen && has('d')));
    };
    let is_cut = has('t');
    // Signs without one of their own in the second set become its last one.
    let reached = if is_complement { second.len() } else { first.len() };
    let makes = second.iter().take(reached).any(|sign| *sign == b'\n');
    let is_within = !is_cut || (!is_complement && first.iter().take(second.len()).any(|sign| *sign == b'\n'));
    Some(if makes {
        Effect::Makes
    } else {
        taken(is_chosen && is_within)
    })
}

/// Returns the signs of a set; `[x*]` is a set of one.
fn set(text: &str) -> Option<Vec<u8>> {
    let repeated = text.strip_prefix('[').and_then(|text| text.strip_suffix("*]"));
    let set = signs(repeated.unwrap_or(text))?;
    (!set.is_empty()).then_some(set)
}

#[cfg(test)]
mod tests {
    use super::super::super::shell::commands;
    use super::*;

    #[test]
    fn line_breaks_are_followed_through_tr() {
        for (words, expected) in [
            (r"-d '\n'", Effect::Takes),
            (r"-d '\r\n'", Effect::Takes),
            (r"-d \\n", Effect::Takes),
            (r"-d \n", Effect::Leaves),
            (r"-d $'\n'", Effect::Takes),
            (r#"-d "\012""#, Effect::Takes),
            (r"-d '\000-\037'", Effect::Takes),
            (r"-d '\r'", Effect::Leaves),
            (r"--delete [:cntrl:]", Effect::Takes),
            (r"-d '[:space:]'", Effect::Takes),
            (r"-d '[:blank:]'", Effect::Leaves),
            (r"-cd a-z", Effect::Takes),
            (r"-dc 'a-zA-Z0-9._-'", Effect::Takes),
            (r"-d -C '[:alnum:]'", Effect::Takes),
            (r"-cd '[:alnum:]\n'", Effect::Leaves),
            (r"-dc 'a-z\n'", Effect::Leaves),
            (r"-cd '[:print:]'", Effect::Takes),
            (r"-s '\n'", Effect::Leaves),
            (r"-s '[:space:]' _", Effect::Takes),
            (r"-ds '\n' ' '", Effect::Takes),
            (r"-cs a-z '\n'", Effect::Makes),
            (r"-c a-z _", Effect::Takes),
            (r"-c 'a-z\n' _", Effect::Leaves),
            (r"' ' '\n'", Effect::Makes),
            (r"', ' ',\n'", Effect::Makes),
            (r", '\n'", Effect::Makes),
            (r"'\n,' ',\n'", Effect::Makes),
            (r"a 'b\n'", Effect::Leaves),
            (r"'\012' ' '", Effect::Takes),
            (r"'\n' '[ *]'", Effect::Takes),
            (r"-t 'a\n' b", Effect::Leaves),
            (r"-t 'a\n' bc", Effect::Takes),
            (r"'[:upper:]' '[:lower:]'", Effect::Leaves),
            (r"-- -a '\n'", Effect::Makes),
            (r"-d $SIGNS", Effect::Unknown),
            (r"-d '[:none:]'", Effect::Unknown),
            (r"-d", Effect::Unknown),
            ("", Effect::Unknown),
        ] {
            let command = format!("tr {words}");
            let words = commands(&command)[0].plain();
            assert_eq!(translated(&words[1..]), expected, "{command}");
        }
    }
}
