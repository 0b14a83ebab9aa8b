//! What reading a frame and writing the push of it costs, without a server around.

use std::{hint::black_box, sync::Arc, time::Instant};

use parlor::{
    model::{Command, Event, Message, MessageUid, Millis, Person, Role, Seq, command::Target},
    wire::{Request, widget},
};

/// Microseconds to decode a send of 300 bytes and encode its push and its reply's worth.
pub(crate) fn micros() -> anyhow::Result<f64> {
    const ROUNDS: u32 = 200_000;
    let text = "x".repeat(140);
    let frame = format!(
        "{{\"id\":7,\"cmd\":\"send\",\"body\":{{\"conversation\":\"c00000000000000000000000000\",\
         \"client_id\":\"0000000000000007\",\"type\":\"RC:TxtMsg\",\"content\":{{\"content\":\"{text}\"}}}}}}"
    );
    let from = Person { id: "v1".parse()?, name: "Vera".to_owned(), role: Role::Visitor, portrait: None };
    let began = Instant::now();
    for round in 0..ROUNDS {
        let request = widget::decode(black_box(&frame)).map_err(|refused| refused.fault)?;
        let (_, Request::Command(Command::Send(send))) = request else { anyhow::bail!("the frame is a send") };
        let Target::Conversation(conversation) = send.to else { anyhow::bail!("it goes to a conversation") };
        let message = Message {
            uid: MessageUid::from_number(i64::from(round)),
            conversation,
            seq: Some(Seq(7)),
            at: Millis::new(1_790_000_000_000),
            from: from.clone(),
            client_id: Some(send.client_id),
            content: send.content,
        };
        black_box(widget::push(&Event::Message(Arc::new(message))));
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS))
}
