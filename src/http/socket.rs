//! Requests that ask to become a WebSocket leave HTTP here.

use std::rc::Rc;

use actix_codec::Framed;
use actix_http::{Request, Response, body::BodySize, error::Error as HttpError, h1};
use actix_rt::net::TcpStream;
use actix_service::{ServiceFactory, fn_service};
use futures_util::SinkExt;

use super::{Parts, error};
use crate::model::{Code, Fault};

/// The service behind actix-http's upgrade hook; one per worker.
pub fn upgrade(
    parts: &Parts,
) -> impl ServiceFactory<
    (Request, Framed<TcpStream, h1::Codec>),
    Config = (),
    Response = (),
    Error = HttpError,
    InitError = (),
    Future: 'static,
    Service: 'static,
> + use<> {
    let _parts = Rc::new(parts.clone());
    fn_service(|(_request, framed): (Request, Framed<TcpStream, h1::Codec>)| async move {
        let fault = Fault::new(Code::NotFound, "there is nothing at this address");
        refuse(framed, &fault).await;
        Ok(())
    })
}

/// Answers with a fault and closes.
async fn refuse(mut framed: Framed<TcpStream, h1::Codec>, fault: &Fault) {
    let (head, body): (Response<()>, _) = error::plain(fault);
    let size = BodySize::Sized(body.len() as u64);
    // The peer may be gone; there is nobody else to tell.
    let _ = framed.send(h1::Message::Item((head, size))).await;
    let _ = framed.send(h1::Message::Chunk(Some(body))).await;
}
