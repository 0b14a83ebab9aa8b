//! The chat is answered by another service, which goes away in the middle.

use serde_json::json;

use super::stage::{House, journey};
use crate::{
    harness::People,
    upstream::{Service, asking},
};

#[tokio::test]
async fn what_waits_for_a_service_elsewhere_is_sent_once_when_it_is_back() {
    journey(async |stage| {
        let mut service = Service::running().await;
        let house = House::opens_with(asking(service.address.port()));
        let People { im, site, .. } = People::of(&house.server).await;
        im.backend(&site.app).set_upstream(service.as_upstream(), &service.secret).await.unwrap();
        let mut desk = service.desk().await;
        let visitor = stage.visitor(&house).await;
        visitor.opens_the_chat().await;
        visitor.says("Do you ship to Oslo?").await;
        let asked = desk.sees("Do you ship to Oslo?").await;
        desk.sends(json!({ "user": asked["from"]["id"] }), "a1", "We do").await.unwrap();
        visitor.sees("We do").await;
        drop(desk);

        // Addresses of our files are for nobody over there.
        stage.forgive(&["403 (Forbidden)"]);
        visitor.chat.chooses_file("note.txt", "text/plain", b"three cups").await;
        visitor.chat.clicks("button", "Send").await;
        visitor.sees_text("Not sent, this chat takes no files").await;
        visitor.chat.clicks("button", "Delete message").await;

        service.process.kill();
        visitor.says("And to Bergen?").await;
        visitor.sees_text("Sending").await;
        service.process.start().await;

        visitor.sees_state("And to Bergen?", "Sent").await;
        let id = asked["from"]["id"].as_str().unwrap();
        let there: Vec<String> = service.said(id).await.into_iter().map(|(text, _)| text).collect();
        let wanted = ["Do you ship to Oslo?", "We do", "And to Bergen?"];
        assert_eq!(there, wanted);
        visitor.sees_exactly(&wanted).await;
        visitor.comes_back().await;
        visitor.sees_exactly(&wanted).await;
    })
    .await;
}
