//! Starting and stopping.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};

use serde_json::json;

use crate::{
    client::Client,
    harness::{People, TestServer},
};

#[tokio::test]
async fn d7_a_stop_tells_everybody_to_come_back() {
    let mut server = TestServer::start();
    let people = People::of(&server).await;
    let (mut anna, mut visitor) = (people.agent("Anna").await, people.visitor().await);
    server.begin_stop();
    for client in [&mut anna, &mut visitor] {
        assert_eq!(client.closed().await, 1012);
    }
    server.stop();
}

#[tokio::test]
async fn d7_a_server_that_stops_says_so_to_who_comes_now() {
    let mut server = TestServer::start();
    // A client that never answers the goodbye keeps the server waiting for a while.
    let silent = hang_on(server.address());
    assert_eq!(reqwest::get(server.url("/ready")).await.unwrap().status(), StatusCode::OK);
    server.begin_stop();
    let mut ready = reqwest::get(server.url("/ready")).await.unwrap();
    while ready.status() == StatusCode::OK {
        ready = reqwest::get(server.url("/ready")).await.unwrap();
    }
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.headers()["retry-after"], "2");
    assert!(ready.text().await.unwrap().contains("restarting"));
    assert_eq!(reqwest::get(server.url("/health")).await.unwrap().status(), StatusCode::OK);
    assert_eq!(reqwest::get(server.url("/console")).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(silent);
    server.stop();
}

/// The built program, up and running.
struct Program {
    child: Child,
    address: std::net::SocketAddr,
    _folder: tempfile::TempDir,
}

impl Program {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_clear().current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]);
        command.env("PARLOR_DEMO_LISTEN", "127.0.0.1:0").env("PARLOR_METRICS_LISTEN", "127.0.0.1:0");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let console = lines.filter(|line| line.contains("Console")).find_map(|line| {
            let rest = line.split_once("http://")?.1;
            rest.split('/').next()?.parse().ok()
        });
        Self { child, address: console.expect("the program starts and says where"), _folder: folder }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

#[test]
fn d7_both_signals_end_the_program_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut program = Program::start();
        program.signal(signal);
        assert_eq!(program.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn d7_a_second_signal_ends_the_wait() {
    let mut program = Program::start();
    let unfinished = begin_request(program.address);
    program.signal(Signal::TERM);
    // Sent only once the first one is under way: two at once would be one.
    while status_of(program.address, "/ready") == Some(200) {}
    assert!(program.child.try_wait().unwrap().is_none(), "the unfinished request is waited for");
    let second = std::time::Instant::now();
    program.signal(Signal::TERM);
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    assert!(second.elapsed().as_secs() < 10, "the unfinished request was waited for all the same");
    drop(unfinished);
}

/// A WebSocket that is never answered nor closed by its client.
fn hang_on(address: std::net::SocketAddr) -> TcpStream {
    let mut silent = TcpStream::connect(address).unwrap();
    let head = "GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    silent.write_all(head.as_bytes()).unwrap();
    BufReader::new(&silent).read_line(&mut String::new()).unwrap();
    silent
}

/// A request whose body does not come.
fn begin_request(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /poll HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// `None` when nobody answers any more.
fn status_of(address: std::net::SocketAddr, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    line.split(' ').nth(1)?.parse().ok()
}

#[test]
fn an_address_that_is_taken_is_told_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    let output = command.env_clear().current_dir(folder.path()).args(["--listen", &address]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains(&format!("cannot listen on {address} (server.listen)")), "{error}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[tokio::test]
async fn what_was_said_is_there_after_a_restart() {
    let mut server = TestServer::start();
    let hello = {
        let people = People::of(&server).await;
        let hello = people.visitor_hello().await;
        let mut visitor = people.connect(hello.clone()).await;
        visitor.says("still here?").await;
        hello
    };
    server.restart();
    let (_, welcome) = Client::connect(server.address(), hello).await;
    assert!(welcome["conversations"][0]["last"].to_string().contains("still here?"), "{welcome}");
}

#[tokio::test]
async fn d3_after_a_restore_a_client_is_told_to_take_the_order_anew() {
    let mut server = TestServer::start();
    let (data, copy) = (server.data().to_owned(), server.data().with_file_name("copy.db"));
    let (hello, sent) = {
        let people = People::of(&server).await;
        let hello = people.visitor_hello().await;
        let mut visitor = people.connect(hello.clone()).await;
        let sent = visitor.says("in the copy").await;
        parlor::store::sqlite::backup(&parlor::store::sqlite::database_in(&data), &copy).unwrap();
        visitor.says("not in the copy").await;
        (hello, sent)
    };
    server.stop();
    parlor::store::sqlite::restore(&copy, &data, true, parlor::model::Millis::new(1_790_000_000_000)).unwrap();
    server.restart();
    let mut resuming = hello.clone();
    resuming["since"] = json!([{ "conversation": sent["conversation"], "epoch": 1, "seq": 2 }]);
    let (mut visitor, welcome) = Client::connect(server.address(), resuming).await;
    let gap = &welcome["gaps"][0];
    assert_eq!((&gap["reset"], &gap["messages"][0]["content"]["content"]), (&json!(true), &json!("in the copy")));
    assert_eq!(gap["messages"].as_array().unwrap().len(), 1, "{gap}");
    let conversation = &welcome["conversations"][0];
    assert!(conversation["head"]["epoch"].as_u64() > Some(1), "{conversation}");
    assert_eq!(visitor.says("written anew").await["seq"], 2);
}

/// Nothing is left behind by those who came and went, however they went.
#[tokio::test]
async fn two_thousand_visits_leave_nothing_behind() {
    let server = TestServer::start_with(|config| config.limits.connections_per_network = 10_000);
    let people = People::of(&server).await;
    let mut hellos = Vec::new();
    for _ in 0..10 {
        hellos.push(people.visitor_hello().await);
    }
    for round in 0..40 {
        let visits = (0..50).map(async |visit: usize| {
            let hello = &hellos[visit % hellos.len()];
            let mut client = Client::open(server.address(), &[]).await.unwrap();
            // Some vanish before a word, some after the welcome, some in the middle of a command.
            if !visit.is_multiple_of(3) {
                let _ = client.say("hello", hello.clone()).await;
            }
            if visit % 3 == 2 && (round + visit).is_multiple_of(2) {
                client.hear().await;
                let _ = client.say("conversations", json!({})).await;
            }
            client.vanish();
        });
        futures_util::future::join_all(visits).await;
    }
    let figures = async || reqwest::get(server.metrics_url()).await.unwrap().text().await.unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !figures().await.contains("\nparlor_connections 0\n") {
        assert!(std::time::Instant::now() < until, "connections are left: {}", figures().await);
    }
    let mut visitor = people.visitor().await;
    assert_eq!(visitor.says("Still open?").await["seq"], 1);
}
