//! Users, by name and by what they may do.

use serde_json::json;

use super::house;

#[tokio::test]
async fn a_token_makes_the_user_and_opens_a_connection() {
    let (_server, people, back_end) = house().await;
    let portrait = "https://shop.example/nora.png";
    let made = back_end.ask("user/getToken", &[("userId", "nora"), ("name", "Nora"), ("portraitUri", portrait)]).await;
    assert_eq!(made["userId"], "nora");
    let info = back_end.ask("user/info", &[("userId", "nora")]).await;
    assert_eq!((&info["userName"], &info["userPortrait"]), (&json!("Nora"), &json!(portrait)));
    assert_eq!(info["createTime"].as_str().unwrap().len(), "2026-11-23 06:07:08".len());
    let hello = json!({ "v": 1, "as": "user", "token": made["token"] });
    let _nora = people.connect(hello).await;
    assert_eq!(back_end.ask("user/checkOnline", &[("userId", "nora")]).await["status"], "1");

    back_end.ask("user/refresh", &[("userId", "nora"), ("name", "Nora Berg")]).await;
    let info = back_end.ask("user/info", &[("userId", "nora")]).await;
    assert_eq!((&info["userName"], &info["userPortrait"]), (&json!("Nora Berg"), &json!(portrait)), "the rest stays");
    for path in ["user/info", "user/refresh"] {
        assert_eq!(back_end.refused(path, &[("userId", "nobody"), ("name", "x")]).await.1, 1002, "{path}");
    }
    let long = "x".repeat(65);
    assert_eq!(back_end.refused("user/getToken", &[("userId", "nora"), ("name", &long)]).await.1, 1005);
    assert_eq!(back_end.refused("user/getToken", &[("userId", &long)]).await.1, 1002);
    let bad = [("userId", "nora"), ("portraitUri", "javascript:alert(1)")];
    assert_eq!(back_end.refused("user/getToken", &bad).await.1, 1002);
}

#[tokio::test]
async fn tokens_end_at_an_instant() {
    let (_server, people, back_end) = house().await;
    let token = back_end.ask("user/getToken", &[("userId", "nora")]).await["token"].clone();
    let hello = json!({ "v": 1, "as": "user", "token": token });
    back_end.ask("user/token/expire", &[("userId", "nora"), ("time", "1600000000000")]).await;
    let mut nora = people.connect(hello).await;
    let soon = (super::now_secs() + 5) * 1000;
    back_end.ask("user/token/expire", &[("userId", "nora"), ("time", &soon.to_string())]).await;
    assert_eq!(nora.closed().await, 4401);
    assert_eq!(back_end.refused("user/token/expire", &[("userId", "nora"), ("time", "x")]).await.1, 1002);
}

#[tokio::test]
async fn a_blocked_user_loses_the_connection() {
    let (_server, people, back_end) = house().await;
    let mut nora = people.user("nora").await;
    assert_eq!(back_end.refused("user/block", &[("userId", "nora"), ("minute", "43201")]).await.1, 1002);
    back_end.ask("user/block", &[("userId", "nora"), ("minute", "10")]).await;
    assert_eq!(nora.closed().await, 4403);
    let blocked = back_end.ask("user/block/query", &[]).await;
    assert_eq!(blocked["users"][0]["userId"], "nora");
    assert_eq!(blocked["users"][0]["blockEndTime"].as_str().unwrap().len(), 19);
    assert_eq!(back_end.ask("user/block/query", &[("page", "2"), ("size", "1")]).await["users"], json!([]));
    back_end.ask("user/unblock", &[("userId", "nora")]).await;
    assert_eq!(back_end.ask("user/block/query", &[]).await["users"], json!([]));
    let _again = people.user("nora").await;
}

#[tokio::test]
async fn lists_and_tags_are_kept() {
    let (_server, _people, back_end) = house().await;
    for (list, name) in [("blacklist", "blackUserId"), ("whitelist", "whiteUserId")] {
        back_end.ask(&format!("user/{list}/add"), &[("userId", "nora"), (name, "olaf"), (name, "pia")]).await;
        back_end.ask(&format!("user/{list}/remove"), &[("userId", "nora"), (name, "pia")]).await;
        let listed = back_end.ask(&format!("user/{list}/query"), &[("userId", "nora")]).await;
        assert_eq!(listed["users"], json!(["olaf"]));
    }
    let many: Vec<_> = std::iter::repeat_n(("blackUserId", "olaf"), 21).chain([("userId", "nora")]).collect();
    assert_eq!(back_end.refused("user/blacklist/add", &many).await.1, 1502);

    back_end.json("user/tag/set", &json!({ "userId": "nora", "tags": ["gold", "new"] })).await.ok();
    back_end.json("user/tag/batch/set", &json!({ "userIds": ["olaf", "pia"], "tags": ["new"] })).await.ok();
    let tags = back_end.ask("user/tags/get", &[("userIds", "nora"), ("userIds", "olaf")]).await;
    assert_eq!(tags["result"], json!({ "nora": ["gold", "new"], "olaf": ["new"] }));
    back_end.json("user/tag/set", &json!({ "userId": "nora", "tags": [] })).await.ok();
    assert_eq!(back_end.ask("user/tags/get", &[("userIds", "nora")]).await["result"], json!({ "nora": [] }));
}

#[tokio::test]
async fn a_user_may_be_silenced_in_private() {
    let (_server, people, back_end) = house().await;
    let mut nora = people.user("nora").await;
    let state = |state| [("userId", "nora"), ("state", state), ("type", "PERSON")];
    back_end.ask("user/chat/fb/set", &state("1")).await;
    let listed = back_end.ask("user/chat/fb/querylist", &[("type", "PERSON")]).await;
    assert_eq!((&listed["total"], &listed["users"]), (&json!(1), &json!(["nora"])));
    back_end.ask("user/getToken", &[("userId", "olaf")]).await;
    let refused = nora.sends(json!({ "user": "olaf" }), "1", "hello").await.unwrap_err();
    assert_eq!(refused["code"], "silenced");
    back_end.ask("user/chat/fb/set", &state("0")).await;
    assert_eq!(back_end.refused("user/chat/fb/set", &[("userId", "a"), ("state", "1"), ("type", "X")]).await.1, 1002);
}
