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

async fn the_agents_screens(stage: &Stage, phone: bool) {
    let house = House::opens();
    let anna = stage.newcomer(&house).await;
    if phone {
        anna.desk.browser.screen(390, 844, 1, true).await;
    }
    anna.desk.goes_to(&house.server.url("/console/setup")).await;
    anna.desk.sees("textbox", "Set-up code").await;
    anna.desk.is_accessible("set-up, the code").await;
    anna.sets_up_stopping(&house.setup_code(), "Anna Lindqvist", async |step| anna.desk.is_accessible(step).await)
        .await;
    anna.desk.is_accessible("an empty inbox").await;

    let visitor = stage.visitor(&house).await;
    visitor.opens_the_chat().await;
    visitor.says("Does it dim?").await;
    anna.desk.sees("button", "Accept").await;
    anna.desk.is_accessible("ringing").await;
    anna.desk.clicks("button", "Accept").await;
    anna.sees("Does it dim?").await;
    anna.desk.sees("textbox", "Reply").await;
    anna.desk.is_accessible("conversation").await;
    anna.answers("Down to one percent").await;
    anna.sees_state("Down to one percent", "Read").await;
    anna.desk.is_accessible("conversation, answered").await;
    anna.desk.presses(thirtyfour::Key::Escape).await;
    anna.desk.presses("?").await;
    anna.desk.sees("dialog", "Keyboard").await;
    anna.desk.is_accessible("keyboard").await;
    anna.desk.presses(thirtyfour::Key::Escape).await;
    anna.desk.sees_no("dialog", "Keyboard").await;
    anna.ends().await;
    anna.desk.is_accessible("an ended conversation").await;
    anna.desk.goes_to(&house.server.url("/console/login")).await;
    anna.desk.goes_to(&house.server.url("/console/inbox/closed")).await;
    anna.desk.is_accessible("the closed ones").await;
    anna.signs_out().await;
    anna.desk.is_accessible("sign-in").await;
}

#[tokio::test]
async fn a_visitor_at_a_desk_meets_no_barrier() {
    journey(async |stage| the_visitors_screens(stage, false).await).await;
}

#[tokio::test]
async fn a_visitor_with_a_phone_meets_no_barrier() {
    journey(async |stage| the_visitors_screens(stage, true).await).await;
}

#[tokio::test]
async fn an_agent_at_a_desk_meets_no_barrier() {
    journey(async |stage| the_agents_screens(stage, false).await).await;
}

#[tokio::test]
async fn an_agent_with_a_phone_meets_no_barrier() {
    journey(async |stage| the_agents_screens(stage, true).await).await;
}
