use super::*;

fn content(body: &str) -> Result<Content, InvalidContent> {
    Content::new("RC:TxtMsg".parse().unwrap(), RawValue::from_string(body.to_owned()).unwrap())
}

#[test]
fn a_card_is_its_lines() {
    let card =
        serde_json::json!({ "title": "Lamp 3", "url": "https://shop.example/3", "imageUrl": "x", "content": "" });
    assert_eq!(Content::of(names::PRODUCT, &card).card().unwrap(), "Lamp 3\nhttps://shop.example/3");
    assert_eq!(Content::of(names::RICH, &serde_json::json!({ "title": 3 })).card().unwrap(), "");
    assert_eq!(Content::of(names::TEXT, &card).card(), None);
}

#[test]
fn a_body_is_kept_byte_for_byte() {
    let body = r#"{"content":"hi","unknown":[1, 2.50]}"#;
    assert_eq!(content(body).unwrap().body(), body);
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    assert_eq!(content("[1]").unwrap_err(), InvalidContent::NotAnObject);
}

#[test]
fn mentions_are_read_from_the_body() {
    let called = |body: &str| content(body).unwrap().mentions();
    assert_eq!(called(r#"{"content":"hi"}"#), Mentions::Nobody);
    assert_eq!(called(r#"{"content":"\"mentionedInfo\""}"#), Mentions::Nobody);
    assert_eq!(called(r#"{"mentionedInfo":null}"#), Mentions::Nobody);
    assert_eq!(called(r#"{"mentionedInfo":{"type":1}}"#), Mentions::Everybody);
    let these = Mentions::These(vec!["bob".parse().unwrap()]);
    assert_eq!(called(r#"{"mentionedInfo":{"type":2,"userIdList":["bob","not an id"]}}"#), these);
}

#[test]
fn files_of_ours_are_read_from_the_body() {
    let id = FileId::from_u128(7);
    let named = |body: &str| content(body).unwrap().files();
    assert_eq!(named(&format!(r#"{{"content":"","imageUri":"/files/{id}"}}"#)), [id]);
    assert_eq!(named(&format!(r#"{{"fileUrl":"\/files\/{id}","imageUri":null}}"#)), [id]);
    assert_eq!(named(&format!(r#"{{"imageUri":"https://cdn.example/files/{id}"}}"#)), []);
    assert_eq!(named(r#"{"content":"see /files/x"}"#), []);
}

#[test]
fn every_type_of_the_catalogue_has_its_flags() {
    let rows = [
        (
            (true, true),
            &[
                "RC:TxtMsg",
                "RC:ImgMsg",
                "RC:VcMsg",
                "RC:HQVCMsg",
                "RC:LBSMsg",
                "RC:FileMsg",
                "RC:ImgTextMsg",
                "RC:SightMsg",
                "RC:GIFMsg",
                "RC:ReferenceMsg",
                "RC:CombineMsg",
                "RC:StkMsg",
                "RCJrmf:RpMsg",
                "RCJrmf:RpOpendMsg",
                "RC:PSImgTxtMsg",
                "RC:PSMultiImgTxtMsg",
                "RC:CardMsg",
                "RC:CsLm",
                "cs:product",
                "shop:whatever",
            ][..],
        ),
        (
            (true, false),
            &["RC:InfoNtf", "RC:ContactNtf", "RC:ProfileNtf", "RC:CmdNtf", "RC:GrpNtf", "RC:DizNtf", "RC:RcCmd"][..],
        ),
        (
            (false, false),
            &[
                "RC:CmdMsg",
                "RC:chrmKVNotiMsg",
                "RC:TypSts",
                "RC:ReadNtf",
                "RC:RRReqMsg",
                "RC:RRRspMsg",
                "RC:SRSMsg",
                "RC:CsHs",
                "RC:CsHsR",
                "RC:CSCha",
                "RC:CsCha",
                "RC:CsChaR",
                "RC:CsUpdate",
                "RC:CsSp",
                "RC:CsEnd",
                "RC:CsEva",
                "RC:CsContact",
                "RC:CsPullEva",
                "RC:CsPLM",
                "RC:CsCEI",
                "RC:CsEI",
                "RC:CsDHM",
                "RC:CsHM",
                "RC:VCInvite",
                "RC:VCRinging",
                "RC:VCAccept",
                "RC:VCHangup",
                "RC:VCSummary",
                "RC:VCModifyMedia",
                "RC:VCModifyMem",
                "RC:MsgExMsg",
                "RC:RRMsg",
                "RC:LogCmdMsg",
                "RC:InterceptMsg",
            ][..],
        ),
    ];
    for ((stored, counted), names) in rows {
        for name in names {
            assert_eq!(name.parse::<ObjectName>().unwrap().flags(), Flags { stored, counted }, "{name}");
        }
    }
}

#[test]
fn a_deep_body_is_refused() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
    assert_eq!(content(&deep).unwrap_err(), InvalidContent::TooDeep { max: 16 });
}

#[test]
fn brackets_in_text_are_not_depth() {
    assert!(content(&format!("{{\"content\":\"{}\\\"\"}}", "[".repeat(50))).is_ok());
}

#[test]
fn nul_is_refused_but_its_spelling_is_not() {
    assert_eq!(content(r#"{"content":"\u0000"}"#).unwrap_err(), InvalidContent::Nul);
    assert!(content(r#"{"content":"\\u0000"}"#).is_ok());
}

#[test]
fn w8_halves_of_surrogate_pairs_are_refused_and_whole_pairs_are_not() {
    for body in
        [r"\ud83d", r"\ude00", r"\ud83d x", r"\ud83d\n", r"\ud83d\ud83d\ude00", r"\ude00\ud83d", r"\uD83D\\uDE00"]
    {
        let refused = content(&format!(r#"{{"a":["{body}"]}}"#));
        assert_eq!(refused.unwrap_err(), InvalidContent::Surrogate, "{body}");
    }
    for body in [r"\ud83d\ude00", r"\uD83D\uDE00 \n\u00e9", r"\\ud83d", r"\\\ud83d\ude00", "\u{1f600}"] {
        assert!(content(&format!(r#"{{"a":["{body}"]}}"#)).is_ok(), "{body}");
    }
}

#[test]
fn debug_output_never_shows_the_text() {
    assert!(!format!("{:?}", Content::text("secret")).contains("secret"));
}
