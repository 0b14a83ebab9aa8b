//! An answer is lost on the way: the service took the message, and nobody knows.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::stage::{Service, Stage, history, insists};
use crate::client::text_body;

/// A line to the service, on which answers can be lost.
struct Relay {
    address: SocketAddr,
    /// How many more answers are lost, each with its connection.
    to_lose: Arc<AtomicUsize>,
}

impl Relay {
    async fn to(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, to_lose) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let losing = to_lose.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(service).await else { continue };
                let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                let losing = losing.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = up(from_near, to_far) => {}
                        () = down(from_far, to_near, &losing) => {}
                    }
                });
            }
        });
        Self { address, to_lose }
    }
}

async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    // Either end may be gone.
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, to_lose: &AtomicUsize) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let lost = to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if lost || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn d2_a_message_whose_acknowledgement_was_lost_is_found_there_and_not_sent_again() {
    let service = Service::running().await;
    let relay = Relay::to(service.address).await;
    let origin = format!("http://{}", relay.address);
    let (secret, upstream) = (service.secret.clone(), service.as_upstream());
    let upstream = parlor::model::Upstream { navigation: origin, ..upstream };
    let stage = Stage::with_upstream(service, upstream, &secret).await;
    let (mut visitor, id, _) = stage.visitor().await;
    let conversation = visitor.says("first").await["conversation"].clone();
    let to = json!({ "conversation": conversation });
    for round in 0..3 {
        relay.to_lose.store(1, Ordering::SeqCst);
        let (client_id, text) = (format!("k-{round}"), "the same words each time");
        let lost = visitor.ask("send", text_body(&to, &client_id, text)).await.unwrap_err();
        assert_eq!(lost["code"], "upstream_away", "nobody knows what became of it");
        assert_eq!(relay.to_lose.load(Ordering::SeqCst), 0, "the answer was lost");
        let there = stage.service.said(&id).await;
        assert_eq!(there.len(), round + 2, "it had arrived");
        let sent = insists(&mut visitor, &to, &client_id, text).await;
        assert_eq!(sent["uid"], json!(there[round + 1].1), "it is the one that arrived");
    }
    let there = stage.service.said(&id).await;
    assert_eq!(there.len(), 4, "nothing was sent twice");
    assert_eq!(history(&mut visitor, &conversation).await, there);
}
