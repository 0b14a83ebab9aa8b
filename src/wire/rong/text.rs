//! How clients of this protocol spell characters.
//!
//! Their own code for UTF-8 does not know the four-byte form: above U+FFFF it writes, and reads, the two halves of a
//! surrogate pair in three bytes each (CESU-8). Source: compatible protocol, "Layouts" and "Characters".

use std::{borrow::Cow, fmt::Write as _};

/// The text that bytes spell, in UTF-8 or CESU-8. `None` when they spell none.
pub fn read(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => std::str::from_utf8(&joined(bytes)).map(str::to_owned).ok(),
    }
}

/// The same for message bodies, which may hold anything: what spells no character becomes U+FFFD.
pub fn read_lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(String::from_utf8_lossy(&joined(bytes)).into_owned()),
    }
}

/// The text in CESU-8, as these clients read ids and topics.
pub fn write(text: &str) -> Cow<'_, [u8]> {
    if !text.chars().any(is_astral) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len() + text.len() / 2);
    for character in text.chars() {
        if is_astral(character) {
            let mut halves = [0; 2];
            bytes.extend(character.encode_utf16(&mut halves).iter().flat_map(|half| three_bytes(*half)));
        } else {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Cow::Owned(bytes)
}

/// JSON text in which every character above U+FFFF is spelled by two `\u` escapes. Such a character stands inside a
/// JSON string, so the text means the same; clients of the first generations spoil the four-byte form.
pub fn escape_astral(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_astral) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() * 2);
    for character in json.chars() {
        if is_astral(character) {
            for half in character.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{half:04x}").expect("writing into a String does not fail");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Whether a client with this `sdkVer` must be sent escapes: the generations 1 and 2, and those that do not say.
pub fn needs_escapes(sdk_version: &str) -> bool {
    !matches!(sdk_version.split('.').next().map(str::parse::<u32>), Some(Ok(major)) if major > 2)
}

const fn is_astral(character: char) -> bool {
    character as u32 > 0xFFFF
}

/// Bytes with every pair of surrogate halves turned into the four-byte form of its character.
fn joined(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if let Some((pair, after)) = rest.split_first_chunk::<6>()
            && let Some(character) = paired(*pair)
        {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = after;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

/// The character that six bytes spell as two surrogate halves.
fn paired(six: [u8; 6]) -> Option<char> {
    let pair = [half(*six.first_chunk()?)?, half(*six.last_chunk()?)?];
    char::decode_utf16(pair).next()?.ok().filter(|character| is_astral(*character))
}

/// The surrogate that three bytes spell.
fn half([first, second, third]: [u8; 3]) -> Option<u16> {
    let is_surrogate = first == 0xED && (0xA0..=0xBF).contains(&second) && (0x80..=0xBF).contains(&third);
    is_surrogate.then_some(0xD000 | u16::from(second & 0x3F) << 6 | u16::from(third & 0x3F))
}

const fn three_bytes(half: u16) -> [u8; 3] {
    let [high, low] = half.to_be_bytes();
    [0xE0 | high >> 4, 0x80 | (high & 0x0F) << 2 | low >> 6, 0x80 | low & 0x3F]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMILE_CESU: [u8; 6] = [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80];

    #[test]
    fn a_character_above_the_bmp_is_written_as_two_halves_and_read_in_either_form() {
        assert_eq!(write("\u{1f600}").as_ref(), SMILE_CESU);
        assert_eq!(read(&SMILE_CESU).as_deref(), Some("\u{1f600}"));
        assert_eq!(read("é\u{1f600}".as_bytes()).as_deref(), Some("é\u{1f600}"));
    }

    #[test]
    fn halves_that_stand_alone_are_no_text_and_do_no_harm_in_bodies() {
        for bytes in [&SMILE_CESU[..3], &SMILE_CESU[3..], &[0xED, 0xB8, 0x80, 0xED, 0xA0, 0xBD], &[0xFF]] {
            assert_eq!(read(bytes), None, "{bytes:?}");
            assert!(read_lossy(bytes).contains('\u{fffd}'), "{bytes:?}");
        }
    }

    #[test]
    fn characters_above_the_bmp_become_two_escapes_for_old_clients() {
        assert_eq!(escape_astral("{\"a\":\"x\u{1f600}é\"}"), "{\"a\":\"x\\ud83d\\ude00é\"}");
        assert!(matches!(escape_astral("{\"a\":\"é\"}"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_first_generations_need_escapes() {
        assert!(["1.3.2", "2.5.3", "2.10.1", "", "x"].iter().all(|version| needs_escapes(version)));
        assert!(["3.0.0", "4.6.4", "5.9.3", "22.0"].iter().all(|version| !needs_escapes(version)));
    }

    proptest! {
        #[test]
        fn every_text_survives(text: String) {
            prop_assert_eq!(read(&write(&text)), Some(text));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let lossy = read_lossy(&bytes).into_owned();
            prop_assert!(read(&bytes).is_none_or(|text| text == lossy));
        }

        #[test]
        fn escaping_changes_no_meaning(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = escape_astral(&json);
            prop_assert!(!escaped.chars().any(is_astral));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}
