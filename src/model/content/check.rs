//! What a body may not hold, though it is JSON.

use super::InvalidContent;

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

fn hex(digits: [u8; 4]) -> Option<u16> {
    u16::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
}
