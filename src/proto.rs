//! Messages of foreign protocols, generated from `proto/` by `build.rs`.
//!
//! Floor 0: plain data. The generated decoders do not insist on required fields: an absent one reads as 0 or empty, and
//! whoever turns the message into words of the domain says what is missing.

#[expect(missing_docs, clippy::pedantic, reason = "generated; `proto/rong` has the words")]
pub mod rong {
    include!(concat!(env!("OUT_DIR"), "/rong.rs"));
}

/// Fields of bytes stand in JSON as the text that they hold.
mod bytes_as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(deserializer).map(String::into_bytes)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::rong::{ChrmOutput, DownStreamMessage, DownStreamMessages, SetChrmKv, SyncRequestMsg};

    #[test]
    fn required_fields_are_written_also_when_they_are_zero() {
        assert_eq!(ChrmOutput::default().encode_to_vec(), [0x08, 0x00]);
    }

    #[test]
    fn json_has_the_protocols_names_empty_lists_and_no_absent_fields() {
        let pulled =
            DownStreamMessages { list: Vec::new(), sync_time: 7, finished: Some(true), broadcast_sync_time: None };
        assert_eq!(serde_json::to_string(&pulled).unwrap(), r#"{"list":[],"syncTime":7,"finished":true}"#);
        let message = DownStreamMessage { from_user_id: "ann".into(), content: b"{}".to_vec(), ..<_>::default() };
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(json, r#"{"fromUserId":"ann","type":1,"classname":"","content":"{}","dataTime":0,"status":0}"#);
        assert_eq!(serde_json::from_str::<DownStreamMessage>(&json).unwrap(), message);
    }

    #[test]
    fn json_fields_that_are_absent_or_unknown_do_no_harm() {
        let asked: SyncRequestMsg = serde_json::from_str(r#"{"syncTime":5,"isPullSend":true,"new":1}"#).unwrap();
        assert_eq!((asked.sync_time, asked.is_pull_send, asked.ispolling), (5, Some(true), false));
        let set: SetChrmKv = serde_json::from_str(r#"{"entry":{"key":"a","value":"b"},"bNotify":true}"#).unwrap();
        assert_eq!((set.entry.key.as_str(), set.b_notify), ("a", Some(true)));
    }
}
