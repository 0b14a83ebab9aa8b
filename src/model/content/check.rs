//! What a body may not hold, though it is JSON.

use super::{Content, InvalidContent};

/// Refuses a body that nests too deep.
pub(super) fn check_depth(json: &str) -> Result<(), InvalidContent> {
    // Few bodies have more brackets at all than levels are allowed; only those are walked.
    if json.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= Content::MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > Content::MAX_DEPTH {
                    return Err(InvalidContent::TooDeep { max: Content::MAX_DEPTH });
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// What JSON can escape and no store can keep: U+0000, and halves of surrogate pairs that stand alone (W8).
pub(super) fn check_escapes(json: &str) -> Result<(), InvalidContent> {
    let (mut rest, mut half) = (json.as_bytes(), false);
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (unit, after) = match rest.get(at + 1..).unwrap_or_default() {
            [b'u', a, b, c, d, after @ ..] => (hex([*a, *b, *c, *d]), after),
            [_, after @ ..] => (None, after),
            [] => (None, [].as_slice()),
        };
        let is_low = unit.is_some_and(|unit| (0xDC00..=0xDFFF).contains(&unit));
        if is_low != half || (half && at != 0) {
            return Err(InvalidContent::Surrogate);
        }
        if unit == Some(0) {
            return Err(InvalidContent::Nul);
        }
        half = unit.is_some_and(|unit| (0xD800..=0xDBFF).contains(&unit));
        rest = after;
    }
    if half { Err(InvalidContent::Surrogate) } else { Ok(()) }
}

/// Whether JSON writes U+0000 anywhere, which PostgreSQL cannot keep in a text. As itself it is no JSON.
pub fn escapes_nul(json: &str) -> bool {
    // Hardly any JSON has these letters at all.
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes().iter().take(at).rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    })
}

fn hex(digits: [u8; 4]) -> Option<u16> {
    u16::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
}
