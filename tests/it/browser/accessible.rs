//! Every screen keeps the accessibility rules: light and dark, on a desktop and on a phone.

use super::stage::{House, Name, Stage, Visitor, journey};

async fn a_visitor(stage: &Stage, house: &House, phone: bool) -> Visitor {
    let visitor = stage.visitor_named("visitor").await;
    if phone {
        visitor.page.browser.screen(390, 844, 1, true).await;
    }
    visitor.page.goes_to(&house.demo_page()).await;
    visitor
}

async fn the_visitors_screens(stage: &Stage, phone: bool) {
    let house = House::opens();
    let alone = a_visitor(stage, &house, phone).await;
    alone.page.sees("button", "Open chat").await;
    alone.page.is_accessible("the page with the launcher").await;
    alone.opens_the_chat().await;
    alone.chat.is_accessible("leave a message").await;
    alone.page.is_accessible("the page with the panel").await;
    alone.chat.clicks("button", "Send message").await;
    alone.chat.sees_that("textbox", "E-mail", |seen| seen.state("invalid") == "true").await;
    alone.chat.is_accessible("leave a message, with errors").await;
    alone.chat.fills("textbox", "Message", "Call me").await;
    alone.chat.fills("textbox", "E-mail", "nora@mail.example").await;
    alone.chat.clicks("button", "Send message").await;
    alone.chat.sees("heading", "We have your message").await;
    alone.chat.is_accessible("message stored").await;

    let anna = stage.agent(&house).await;
    let visitor = a_visitor(stage, &house, phone).await;
    visitor.opens_the_chat().await;
    visitor.chat.is_accessible("home").await;
    visitor.says("Does it dim?").await;
    visitor.sees_state("Does it dim?", "Sent").await;
    visitor.chat.is_accessible("waiting in line").await;
    anna.takes("Does it dim?").await;
    anna.answers("It does, see https://halden.example/dim").await;
    visitor.chat.sees("article", Name::has("It does")).await;
    visitor.chat.is_accessible("conversation").await;
    visitor.chat.clicks("button", "More options").await;
    visitor.chat.is_accessible("menu").await;
    visitor.chat.clicks("menuitem", "End chat").await;
    visitor.chat.sees("alertdialog", "End this chat?").await;
    visitor.chat.is_accessible("end this chat?").await;
    visitor.chat.clicks_within("button", "End chat", Some("End this chat?")).await;
    visitor.chat.sees("radio", Name::starts("5 stars")).await;
    visitor.chat.is_accessible("rating").await;
    visitor.rates(3).await;
    visitor.chat.sees("button", "Send rating").await;
    visitor.chat.is_accessible("rating, three stars").await;
    visitor.chat.clicks("button", "Send rating").await;
    visitor.chat.sees("heading", Name::starts("Thank you")).await;
    visitor.chat.is_accessible("thanks").await;
}

#[tokio::test]
async fn a_visitor_at_a_desk_meets_no_barrier() {
    journey(async |stage| the_visitors_screens(stage, false).await).await;
}

#[tokio::test]
async fn a_visitor_with_a_phone_meets_no_barrier() {
    journey(async |stage| the_visitors_screens(stage, true).await).await;
}
