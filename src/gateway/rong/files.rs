//! Files of this server in messages: contents name them as `/files/ID`, clients of this protocol need whole addresses.

use crate::{
    im::{Im, files::MOST_LINKS},
    model::{Caller, Content, ConversationId, Fault, FileId, Message, file::Link},
};

/// Puts whole addresses, good for a while, where messages name files of this server. A file that the reader may not see
/// stays as it is named.
pub(super) async fn link(im: &Im, caller: &Caller, origin: &str, messages: Vec<&mut Message>) {
    let mut named: Vec<FileId> = messages.iter().flat_map(|message| message.content.files()).collect();
    named.sort_unstable();
    named.dedup();
    let mut links = Vec::with_capacity(named.len());
    for some in named.chunks(MOST_LINKS) {
        // Without links the messages are still worth having.
        links.extend(im.links(caller, some).await.unwrap_or_default());
    }
    if links.is_empty() {
        return;
    }
    for message in messages.into_iter().filter(|message| !message.content.files().is_empty()) {
        message.content = linked(&message.content, origin, &links);
    }
}

/// The content with addresses in the place of references; everything else stays byte for byte.
fn linked(content: &Content, origin: &str, links: &[Link]) -> Content {
    let mut body = content.body().to_owned();
    for file in content.files() {
        let Some(link) = links.iter().find(|link| link.file == file) else { continue };
        let reference = file.reference();
        let address = format!("\"{origin}{}\"", link.address());
        // A slash may be escaped.
        for spelled in [reference.clone(), reference.replace('/', "\\/")] {
            body = body.replace(&format!("\"{spelled}\""), &address);
        }
    }
    Content::from_stored(content.name.as_str(), body).unwrap_or_else(|_| content.clone())
}

/// Whether a content may name files of this server. Most messages do not.
pub(super) fn names_files(content: &Content) -> bool {
    content.body().contains("/files/") || content.body().contains("\\/files\\/")
}

/// The content with references in the place of our own addresses, as a client got them for its uploads and for what it
/// hands on to another conversation, `to`. Everything else stays byte for byte.
pub(super) async fn referred(
    im: &Im,
    caller: &Caller,
    to: Option<ConversationId>,
    content: &Content,
) -> Result<Content, Fault> {
    let mut body = content.body().to_owned();
    let mut addresses = content.addresses();
    addresses.sort_unstable();
    addresses.dedup();
    for address in addresses {
        let Some(file) = im.file_behind(caller, &address) else { continue };
        let reference = format!("\"{}\"", im.handed_on(caller, to, file).await?.reference());
        // A slash may be escaped.
        for spelled in [address.clone(), address.replace('/', "\\/")] {
            body = body.replace(&format!("\"{spelled}\""), &reference);
        }
    }
    Ok(Content::from_stored(content.name.as_str(), body).unwrap_or_else(|_| content.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{
        Millis,
        content::names,
        file::{FileName, MediaType},
    };

    #[test]
    fn a_reference_becomes_an_address_and_nothing_else_changes() {
        let (known, other) = (FileId::from_u128(7), FileId::from_u128(8));
        let link = Link {
            file: known,
            token: "tok".into(),
            until: Millis::new(9),
            name: FileName::clean("a b.png"),
            media_type: MediaType::Png,
            size: 1,
            pixels: None,
        };
        let content = Content::of(
            names::IMAGE,
            &json!({ "imageUri": known.reference(), "remoteUrl": other.reference(), "extra": "/files/x" }),
        );
        let shown = linked(&content, "https://chat.example", std::slice::from_ref(&link));
        let wanted = content.body().replace(&known.reference(), "https://chat.example/files/tok/a%20b.png");
        assert_eq!(shown.body(), wanted);
        let escaped = format!("{{\"imageUri\":\"{}\"}}", known.reference().replace('/', "\\/"));
        let escaped = Content::from_stored(names::IMAGE, escaped).unwrap();
        assert!(
            linked(&escaped, "https://chat.example", std::slice::from_ref(&link))
                .body()
                .contains("https://chat.example/files/tok/")
        );
    }
}
