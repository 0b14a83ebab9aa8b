//! Groups: who is inside, and who may write.

use serde_json::{Value, json};

use super::house;

fn ids(answer: &Value, list: &str, field: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn people_come_and_go() {
    let (_server, people, back_end) = house().await;
    let mut olaf = people.user("olaf").await;
    let new = [("groupId", "lamps"), ("groupName", "Lamps"), ("userId", "nora"), ("userId", "olaf")];
    back_end.ask("group/create", &new).await;
    back_end.ask("group/create", &new).await;
    back_end.ask("group/join", &[("groupId", "lamps"), ("groupName", "Lamps"), ("userId", "pia")]).await;
    let inside = back_end.ask("group/user/query", &[("groupId", "lamps")]).await;
    assert_eq!(ids(&inside, "users", "id"), ["nora", "olaf", "pia"]);
    back_end.ask("group/quit", &[("groupId", "lamps"), ("userId", "pia")]).await;
    let inside = back_end.ask("group/user/query", &[("groupId", "lamps")]).await;
    assert_eq!(ids(&inside, "users", "id"), ["nora", "olaf"]);

    back_end.ask("group/refresh", &[("groupId", "lamps"), ("groupName", "Lamps and shades")]).await;
    let groups = back_end.ask("user/group/query", &[("userId", "olaf")]).await;
    assert_eq!(groups["groups"], json!([{ "id": "lamps", "name": "Lamps and shades" }]));
    back_end.ask("group/sync", &[("userId", "olaf"), ("group[yard]", "Yard"), ("group[hall]", "Hall")]).await;
    let mut groups = ids(&back_end.ask("user/group/query", &[("userId", "olaf")]).await, "groups", "id");
    groups.sort();
    assert_eq!(groups, ["hall", "yard"]);
    back_end.ask("group/dismiss", &[("groupId", "yard"), ("userId", "olaf")]).await;
    let refused = olaf.sends(json!({ "group": "yard" }), "1", "hello?").await.unwrap_err();
    assert_eq!(refused["code"], "conversation_closed");
    for path in ["group/quit", "group/dismiss", "group/refresh", "group/user/query"] {
        let call = [("groupId", "nowhere"), ("userId", "olaf"), ("groupName", "x")];
        assert_eq!(back_end.refused(path, &call).await.1, 1002, "{path}");
    }
}

#[tokio::test]
async fn members_are_silenced_one_by_one_and_all_together() {
    let (_server, people, back_end) = house().await;
    let (mut nora, mut olaf) = (people.user("nora").await, people.user("olaf").await);
    let new = [("groupId", "lamps"), ("groupName", "Lamps"), ("userId", "nora"), ("userId", "olaf")];
    back_end.ask("group/create", &new).await;
    let there = || json!({ "group": "lamps" });
    let one = [("groupId", "lamps"), ("userId", "olaf")];

    back_end.ask("group/user/gag/add", &[&one[..], &[("minute", "5")]].concat()).await;
    assert_eq!(olaf.sends(there(), "1", "hello").await.unwrap_err()["code"], "silenced");
    let gagged = back_end.ask("group/user/gag/list", &[("groupId", "lamps")]).await;
    assert_eq!(
        (gagged["users"][0]["userId"].as_str(), gagged["users"][0]["time"].as_str().unwrap().len()),
        (Some("olaf"), 19)
    );
    back_end.ask("group/user/gag/add", &[&one[..], &[("minute", "0")]].concat()).await;
    let gagged = back_end.ask("group/user/gag/list", &[("groupId", "lamps")]).await;
    assert_eq!(gagged["users"][0]["time"], "9999-12-31 23:59:59");
    back_end.ask("group/user/gag/rollback", &one).await;
    olaf.sends(there(), "2", "hello").await.unwrap();

    back_end.ask("group/user/gag/add", &[("userId", "olaf"), ("minute", "5")]).await;
    assert_eq!(ids(&back_end.ask("group/user/gag/list", &[]).await, "users", "userId"), ["olaf"]);
    assert_eq!(olaf.sends(there(), "3", "hello").await.unwrap_err()["code"], "silenced");
    back_end.ask("group/user/gag/rollback", &[("userId", "olaf")]).await;
    olaf.sends(there(), "4", "hello").await.unwrap();

    back_end.ask("group/ban/add", &[("groupId", "lamps")]).await;
    let stat = json!([{ "groupId": "lamps", "stat": 1 }]);
    assert_eq!(back_end.ask("group/ban/query", &[("groupId", "lamps")]).await["groupinfo"], stat);
    assert_eq!(back_end.ask("group/ban/query", &[]).await["groupinfo"], stat);
    assert_eq!(olaf.sends(there(), "5", "hello").await.unwrap_err()["code"], "silenced");
    nora.sends(there(), "1", "the owner may").await.unwrap();
    back_end.ask("group/user/ban/whitelist/add", &one).await;
    let allowed = back_end.ask("group/user/ban/whitelist/query", &[("groupId", "lamps")]).await;
    assert_eq!(allowed["userIds"], json!(["olaf"]));
    olaf.sends(there(), "6", "hello").await.unwrap();
    back_end.ask("group/user/ban/whitelist/rollback", &one).await;
    back_end.ask("group/ban/rollback", &[("groupId", "lamps")]).await;
    assert_eq!(back_end.ask("group/ban/query", &[]).await["groupinfo"], json!([]));
    olaf.sends(there(), "7", "hello").await.unwrap();

    let stranger = [("groupId", "lamps"), ("userId", "pia"), ("minute", "5")];
    assert_eq!(back_end.refused("group/user/gag/add", &stranger).await.1, 1002);
}
