//! Pictures, files and emoji between a visitor and an agent.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use thirtyfour::Key;

use super::stage::{Agent, House, Name, Stage, Visitor, journey};

/// A picture of a bowl, as far as circles can be one.
pub(super) fn bowl(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| {
        let (dx, dy) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        let inside = (dx / f64::from(width)).hypot(dy / f64::from(height)) < 0.3;
        if inside { Rgb([92, 138, 116]) } else { Rgb([222, 208, 186]) }
    };
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel)).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

async fn together(stage: &Stage) -> (House, Visitor, Agent) {
    let house = House::opens();
    let anna = stage.agent(&house).await;
    let visitor = stage.visitor(&house).await;
    visitor.opens_the_chat().await;
    visitor.says("It is broken").await;
    anna.takes("It is broken").await;
    (house, visitor, anna)
}

#[tokio::test]
async fn req_4_4_a_picture_goes_from_the_visitor_to_the_agent_and_back() {
    journey(async |stage| {
        let (_house, visitor, anna) = together(stage).await;
        visitor.chat.chooses_file("bowl.png", "image/png", &bowl(800, 600)).await;
        visitor.chat.sees("button", "Remove bowl.png").await;
        visitor.chat.types("textbox", "Message", "The rim").await;
        visitor.chat.presses(Key::Enter).await;
        visitor.sees_own("Picture").await;
        visitor.sees_state("The rim", "Read").await;
        visitor.chat.sees("button", "Open image, bowl.png").await;
        visitor.chat.is_accessible("a picture in the log").await;

        anna.desk.clicks("button", "Open image, bowl.png").await;
        anna.desk.sees("dialog", "Image, bowl.png").await;
        anna.desk.sees("link", "Download").await;
        anna.desk.is_accessible("a large picture").await;
        anna.desk.presses(Key::Escape).await;
        anna.desk.sees_no("dialog", "Image, bowl.png").await;
        anna.desk.has_focus_on("button", "Open image, bowl.png").await;

        anna.desk.chooses_file("Repair note.pdf", "application/pdf", b"%PDF-1.7").await;
        anna.desk.sees("button", "Remove Repair note.pdf").await;
        anna.desk.clicks("button", "Send").await;
        visitor.chat.sees("link", Name::starts("Download Repair note.pdf")).await;
        anna.desk.sees("link", Name::starts("Download Repair note.pdf")).await;
        anna.desk.is_accessible("a picture and a file").await;

        visitor.comes_back().await;
        visitor.chat.clicks("button", "Open image, bowl.png").await;
        visitor.chat.sees("dialog", "Image, bowl.png").await;
        visitor.chat.is_accessible("a large picture in the chat").await;
        visitor.chat.presses(Key::Escape).await;
        visitor.chat.has_focus_on("button", "Open image, bowl.png").await;
    })
    .await;
}

#[tokio::test]
async fn req_4_4_an_upload_without_a_line_waits_and_one_that_fails_can_be_tried_again() {
    journey(async |stage| {
        let (_house, visitor, anna) = together(stage).await;
        stage.forgive(&["415 (Unsupported Media Type)", "ERR_INTERNET_DISCONNECTED"]);
        visitor.chat.chooses_file("empty.txt", "text/plain", b"").await;
        visitor.chat.sees("alert", Name::any()).await;
        visitor.sees_text("empty.txt: This file is empty").await;

        visitor.chat.chooses_file("half.png", "image/png", &bowl(60, 60)[..50]).await;
        visitor.chat.clicks("button", "Send").await;
        visitor.sees_text("Not sent, the picture is damaged").await;
        visitor.chat.clicks("button", "Delete message").await;

        visitor.goes_offline().await;
        visitor.chat.chooses_file("note.txt", "text/plain", b"three cups").await;
        visitor.chat.clicks("button", "Send").await;
        visitor.sees_text("Waiting for the connection").await;
        visitor.goes_online().await;
        anna.desk.sees("link", Name::starts("Download note.txt")).await;
    })
    .await;
}

#[tokio::test]
async fn req_4_11_the_emoji_panel_opens_at_the_first_click() {
    journey(async |stage| {
        let (_house, visitor, anna) = together(stage).await;
        visitor.chat.clicks("button", "Emoji").await;
        visitor.chat.has_focus_on("searchbox", "Search emoji").await;
        visitor.chat.sees("gridcell", "grinning face").await;
        visitor.chat.is_accessible("the emoji panel").await;
        visitor.chat.presses("popper").await;
        visitor.chat.presses(Key::Down).await;
        visitor.chat.presses(Key::Enter).await;
        visitor.chat.presses(Key::Escape).await;
        visitor.chat.sees_no("dialog", "Emoji").await;
        visitor.chat.has_focus_on("textbox", "Message").await;
        visitor.chat.presses(Key::Enter).await;
        visitor.sees_own("🎉").await;
        anna.sees("🎉").await;
        visitor.chat.clicks("button", "Emoji").await;
        visitor.chat.sees("tab", "Recently used").await;
        visitor.chat.sees("gridcell", "party popper").await;

        anna.desk.clicks("button", "Emoji").await;
        anna.desk.clicks("tab", "People").await;
        anna.desk.clicks("gridcell", "thumbs up").await;
        anna.desk.is_accessible("the emoji panel of the console").await;
        anna.desk.presses(Key::Escape).await;
        anna.desk.presses(Key::Enter).await;
        visitor.sees("👍").await;
    })
    .await;
}

/// Three seconds of a quiet tone, as a WAV file.
fn tone() -> Vec<u8> {
    const RATE: u32 = 8000;
    let samples: Vec<u8> = (0..3 * RATE).map(|at| if at / 10 % 2 == 0 { 120 } else { 136 }).collect();
    let length = u32::try_from(samples.len()).unwrap();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    wav.extend([1, 0, 1, 0]);
    wav.extend(RATE.to_le_bytes());
    wav.extend(RATE.to_le_bytes());
    // One byte a sample, 8 bits.
    wav.extend([1, 0, 8, 0]);
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    wav.extend(samples);
    wav
}

#[tokio::test]
async fn req_4_7_a_voice_message_is_played_where_the_browser_can() {
    journey(async |stage| {
        let (_house, visitor, anna) = together(stage).await;
        anna.desk.chooses_file("note.wav", "audio/wav", &tone()).await;
        anna.desk.sees("button", "Remove note.wav").await;
        anna.desk.clicks("button", "Send").await;
        visitor.chat.sees("group", Name::starts("Voice message")).await;
        visitor.chat.is_accessible("a voice message").await;
        visitor.chat.clicks("button", "Play").await;
        visitor.chat.sees("button", "Pause").await;
        // It ends by itself.
        visitor.chat.sees("button", "Play").await;
    })
    .await;
}
