//! People without a picture: their letters and their colour. The browser's `shared/lib/people.js` says the same.

/// How many people colours there are (tokens §1.3).
pub const COLOURS: u32 = 8;

/// The colour of a person, 0 to 7: FNV-1a of the id's bytes, modulo 8.
pub fn colour_of(id: &str) -> u32 {
    let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % COLOURS
}

/// One or two letters for an avatar; for names in Chinese, Japanese or Korean the last two.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let Some(first) = words.next() else { return String::new() };
    if first.chars().any(is_east_asian) {
        let count = first.chars().count();
        return first.chars().skip(count.saturating_sub(2)).collect();
    }
    let letter = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    [letter(first), words.next_back().and_then(letter)].into_iter().flatten().flat_map(char::to_uppercase).collect()
}

const fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_from_the_first_and_the_last_name() {
        assert_eq!(initials("Nora van der Brandt"), "NB");
        assert_eq!(initials("anna"), "A");
        assert_eq!(initials("王小明"), "小明");
        assert_eq!(initials("  "), "");
    }

    #[test]
    fn the_colour_is_fnv_1a() {
        assert_eq!(colour_of(""), 0x811c_9dc5 % 8);
        assert_eq!(colour_of("a"), 0xe40c_292c % 8);
    }
}
