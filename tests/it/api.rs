//! REST v1 on the real server.

mod attacks;
mod chatrooms;
mod conversations;
mod document;
mod files;
mod head;
mod history;
mod house;
mod isolation;
mod keys;
mod retries;
mod robots;
mod search;
mod signatures;
mod users;
mod webhooks;

use crate::harness::{BackEnd, People, TestServer};

/// A server, the people of its first site, and their app's back end with every scope.
async fn house() -> (TestServer, People, BackEnd) {
    let server = TestServer::start();
    let people = People::of(&server).await;
    let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
    (server, people, back_end)
}
