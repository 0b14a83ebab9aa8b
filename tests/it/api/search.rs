//! Searching through the back ends' door.

use serde_json::json;

use super::house;

#[tokio::test]
async fn a_server_without_messages_finds_nothing() {
    let (_server, _people, back_end) = house().await;
    assert_eq!(back_end.get("/v1/search?query=lamp").await.ok()["items"], json!([]));
}
