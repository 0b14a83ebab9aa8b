//! Starting and stopping.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};

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
    let mut silent = TcpStream::connect(server.address()).unwrap();
    let head = "GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    silent.write_all(head.as_bytes()).unwrap();
    BufReader::new(&silent).read_line(&mut String::new()).unwrap();
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
    _folder: tempfile::TempDir,
}

impl Program {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_clear().current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]);
        command.env("PARLOR_DEMO_LISTEN", "127.0.0.1:0").env("PARLOR_METRICS_LISTEN", "127.0.0.1:0");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let up = lines.any(|line| line.is_ok_and(|line| line.contains("Parlor is running")));
        assert!(up, "the program starts");
        Self { child, _folder: folder }
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
