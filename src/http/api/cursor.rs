//! Where the next page of a list begins, as a text that says nothing to whoever holds it.
//!
//! It holds the place after which to go on and nothing that is secret; every page is asked for with the key, and a place
//! made up leads only through the app's own list.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::model::{Code, Fault};

/// Items of a page when nothing else is asked for.
const USUAL: u16 = 30;
/// Most items of a page (security §13).
const MOST: u16 = 100;
/// Longest cursor: a user id and an instant, encoded.
const MOST_LEN: usize = 300;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PageQuery {
    /// Items of a page: 1 to 100; without it 30.
    #[param(minimum = 1, maximum = 100)]
    pub(in crate::http) limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[param(max_length = 300)]
    pub(in crate::http) cursor: Option<String>,
}

/// How many items were asked for.
pub(in crate::http) fn limit(given: Option<u16>) -> Result<u16, Fault> {
    let limit = given.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    Err(Fault::new(Code::BadRequest, format!("`limit` is {limit}; allowed are 1 to {MOST}")))
}

/// The cursor that leads behind this place.
pub(in crate::http) fn after(place: &impl Serialize) -> String {
    BASE64URL_NOPAD.encode(serde_json::to_string(place).unwrap_or_default().as_bytes())
}

/// The place that a cursor leads behind.
pub(in crate::http) fn place<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, Fault> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = (cursor.len() <= MOST_LEN).then(|| BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()).flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .map(Some)
        .ok_or_else(|| Fault::new(Code::BadRequest, "`cursor` is not one of this list; begin without one"))
}

impl PageQuery {
    /// How many items.
    pub(in crate::http) fn limit(&self) -> Result<u16, Fault> {
        limit(self.limit)
    }

    /// Behind which place.
    pub(in crate::http) fn place<T: DeserializeOwned>(&self) -> Result<Option<T>, Fault> {
        place(self.cursor.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConversationId, Millis};

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let here = (Millis::new(1_790_000_000_000), ConversationId::from_u128(7));
        let cursor = after(&here);
        assert!(cursor.len() < MOST_LEN && cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(place::<(Millis, ConversationId)>(Some(&cursor)).unwrap(), Some(here));
        assert_eq!(place::<u64>(None).unwrap(), None);
    }

    #[test]
    fn what_is_no_cursor_of_the_list_is_refused() {
        for cursor in ["", "!", &after(&"text"), &"A".repeat(MOST_LEN + 1)] {
            assert!(place::<u64>(Some(cursor)).is_err(), "{cursor}");
        }
    }

    #[test]
    fn a_page_has_1_to_100_items() {
        assert_eq!((limit(None).unwrap(), limit(Some(1)).unwrap(), limit(Some(100)).unwrap()), (30, 1, 100));
        assert!(limit(Some(0)).is_err() && limit(Some(101)).is_err());
    }
}
