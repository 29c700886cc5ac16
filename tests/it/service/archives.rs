//! `POST /projects/{id}/files?unpack`: good archives become files, and of others nothing is written.

use std::io::Write as _;

use reqwest::Method;
use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::support::archive::{Item, archive};
use crate::support::service::{Answered, Service, answered};

async fn unpack(service: &Service, path: &str, archive: Vec<u8>) -> Answered {
    let request = service.request(Method::POST, &format!("{path}?unpack"));
    answered(
        request
            .header("content-type", "application/zip")
            .body(archive),
    )
    .await
}

async fn start(settings: &[(&str, &str)]) -> (Service, String) {
    let service = Service::start_with(settings);
    let project = service.project("archives").await;
    (service, format!("/projects/{project}/files"))
}

/// Asserts that the archive is refused for this reason and that the project is as it was.
#[track_caller]
fn refused(answer: Answered, why: &str) -> Value {
    let refusal = answer.refused(422, 50407);
    assert!(
        refusal["message"]
            .as_str()
            .is_some_and(|message| message.contains(why)),
        "{why}: {refusal}"
    );
    refusal
}

async fn nothing_is_there(service: &Service, files: &str) {
    let list = service
        .get(&format!("{files}?list&recursive"))
        .await
        .expect(200);
    assert_eq!(list["items"], serde_json::json!([]));
    assert_eq!(service.under_way(), 0);
}

#[tokio::test]
async fn a_good_archive_becomes_files_in_one_step() {
    let (service, files) = start(&[]).await;
    let mut bytes = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    bytes.add_directory("data/empty", options).expect("added");
    for name in ["data/a.csv", "data/deep/er/ü.txt", "b.txt"] {
        bytes.start_file(name, options).expect("added");
        bytes
            .write_all(name.repeat(1000).as_bytes())
            .expect("written");
    }
    let bytes = bytes.finish().expect("whole").into_inner();
    let top = unpack(&service, &files, bytes.clone()).await.expect(201);
    let paths: Vec<_> = top["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["path"].as_str())
        .collect();
    assert_eq!(paths, [Some("b.txt"), Some("data")]);
    let text = service
        .get(&format!("{files}/data/deep/er/ü.txt"))
        .await
        .expect(200);
    assert_eq!(text, "data/deep/er/ü.txt".repeat(1000));
    assert_eq!(
        service.get(&format!("{files}/data?list")).await.expect(200)["items"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    // Again it would take the place of what is there.
    unpack(&service, &files, bytes.clone())
        .await
        .refused(409, 50402);
    unpack(&service, &format!("{files}/b.txt"), bytes.clone())
        .await
        .refused(409, 50414);
    unpack(&service, &format!("{files}/other/place"), bytes)
        .await
        .expect(201);
    service
        .get(&format!("{files}/other/place/b.txt"))
        .await
        .expect(200);
    unpack(&service, &files, archive(&[Item::new("B.TXT", "x")]))
        .await
        .refused(422, 50404);
    assert_eq!(service.under_way(), 0);
    let request = service
        .request(Method::POST, &format!("{files}?unpack"))
        .header("content-type", "application/x-tar");
    answered(request.body("x")).await.refused(415, 50204);
}

#[tokio::test]
async fn names_and_kinds_that_lead_elsewhere_are_refused_before_anything_is_written() {
    let (service, files) = start(&[]).await;
    let good = || Item::new("good.txt", "good");
    let file = |name: &str| Item::new(name, "x");
    let mut hard_link = Item::new("hard", "x");
    hard_link.extra = [
        &0x000du16.to_le_bytes()[..],
        &20u16.to_le_bytes(),
        &[0; 12],
        b"/etc/pas",
    ]
    .concat();
    let mut encrypted = file("secret");
    encrypted.flags |= 1;
    let mut method = file("packed");
    method.method = 14;
    for (items, why) in [
        (vec![file("../evil")], "\"..\" is no name"),
        (vec![file("a/../../evil")], "\"..\" is no name"),
        (vec![file("/etc/cron.d/evil")], "slash"),
        (vec![file("C:/evil")], "drive"),
        (vec![file("C:evil")], "drive"),
        (vec![file("..\\evil")], "backslash"),
        (vec![file("a\0b")], "control"),
        (vec![file("a\u{202e}b")], "direction"),
        (vec![file("")], "slash"),
        (vec![file("/")], "slash"),
        (vec![file("a//b")], "slash"),
        (vec![file(&"a/".repeat(65))], "65 names deep"),
        (vec![file(&"n".repeat(256))], "256 bytes"),
        (vec![file(".htaccess")], "web server"),
        (
            vec![Item::new("link", "/etc/passwd").mode(0o120_777)],
            "link or a device",
        ),
        (
            vec![Item::new("link", "..").mode(0o120_777), file("link/evil")],
            "link or a device",
        ),
        (vec![file("null").mode(0o020_666)], "link or a device"),
        (vec![file("disk").mode(0o060_666)], "link or a device"),
        (vec![file("pipe").mode(0o010_666)], "link or a device"),
        (vec![file("folder").mode(0o040_755)], "link or a device"),
        (vec![file("file/").mode(0o100_644)], "link or a device"),
        (vec![hard_link], "link or a device"),
        (vec![file("a"), file("a")], "two entries of one name"),
        (vec![file("a"), file("A")], "differ only in case"),
        (vec![file("a/b"), file("A/c")], "differ only in case"),
        (vec![file("a"), file("a/b")], "as a file and as a folder"),
        (vec![file("a/b"), file("a")], "as a file and as a folder"),
        (vec![file("lib 0.zip")], "an archive itself"),
        (vec![file("a/B.ZIP")], "an archive itself"),
        (vec![encrypted], "encrypted"),
        (vec![method], "method"),
    ] {
        let items: Vec<Item> = [good()].into_iter().chain(items).collect();
        refused(unpack(&service, &files, archive(&items)).await, why);
        nothing_is_there(&service, &files).await;
    }
    let endings = [good(), file("a.exe")];
    unpack(&service, &files, archive(&endings))
        .await
        .refused(415, 50405);
    // Deep enough together with where it is unpacked.
    let deep = archive(&[file(&format!("{}x", "a/".repeat(60)))]);
    unpack(&service, &format!("{files}/1/2/3/4/5"), deep.clone())
        .await
        .refused(422, 50404);
    nothing_is_there(&service, &files).await;
    // The control: what is left when the bad entry goes.
    unpack(&service, &files, archive(&[good()]))
        .await
        .expect(201);
    assert_eq!(
        service.get(&format!("{files}/good.txt")).await.expect(200),
        "good"
    );
    unpack(&service, &format!("{files}/1"), deep)
        .await
        .expect(201);
}

#[tokio::test]
async fn archives_that_become_too_much_are_refused_unread() {
    let (service, files) = start(&[("files.largest", "512 MiB"), ("quotas.disk", "1 GiB")]).await;
    // Zeros pack a thousandfold.
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["a", "b"] {
        bomb.start_file(name, SimpleFileOptions::default())
            .expect("added");
        for _ in 0..40 {
            bomb.write_all(&[0; 1 << 20]).expect("written");
        }
    }
    let bomb = bomb.finish().expect("whole").into_inner();
    assert!(bomb.len() < 1 << 20);
    refused(unpack(&service, &files, bomb).await, "more than 200 times");
    // Many entries that share the same bytes.
    let first = Item::new("0", [0; 1000]);
    let shared = (1..1000).map(|number| Item {
        offset: Some(0),
        ..Item::new(number.to_string(), "")
    });
    let overlapping: Vec<_> = [first].into_iter().chain(shared).collect();
    refused(
        unpack(&service, &files, archive(&overlapping)).await,
        "share bytes",
    );
    // Sizes that no disk has, as zip64 writes them.
    let huge = Item {
        claimed: Some(1 << 60),
        ..Item::new("huge", "x")
    };
    refused(
        unpack(&service, &files, archive(&[huge])).await,
        "and a file may have 512.0 MiB",
    );
    let large = |name: &str| Item {
        claimed: Some(300 << 20),
        ..Item::new(name, vec![1; 2 << 20])
    };
    let refusal = unpack(&service, &files, archive(&["a", "b", "c", "d"].map(large)))
        .await
        .refused(429, 50305);
    assert_eq!(refusal["details"]["quota"], "disk");
    // Sizes that are too small or too large by a little.
    for claimed in [0, 9, 11, 1 << 20] {
        let lie = Item {
            claimed: Some(claimed),
            ..Item::new("lie", "0123456789")
        };
        unpack(&service, &files, archive(&[Item::new("good", "good"), lie]))
            .await
            .refused(422, 50407);
    }
    let many: Vec<_> = (0..10_001)
        .map(|number| Item::new(number.to_string(), ""))
        .collect();
    refused(
        unpack(&service, &files, archive(&many)).await,
        "10001 entries",
    );
    let long: Vec<_> = (0..200)
        .map(|number| Item {
            extra: [vec![0xff, 0xff, 0x00, 0xf0], vec![0; 0xf000]].concat(),
            ..Item::new(number.to_string(), "")
        })
        .collect();
    refused(
        unpack(&service, &files, archive(&long)).await,
        "directory has more than 8.0 MiB",
    );
    nothing_is_there(&service, &files).await;
    // The control: as many as are allowed.
    let items: Vec<_> = (0..10_000)
        .map(|number| Item::new(format!("f/{number}"), ""))
        .collect();
    unpack(&service, &files, archive(&items)).await.expect(201);
}

#[tokio::test]
async fn what_is_no_archive_is_refused() {
    let (service, files) = start(&[]).await;
    let good = archive(&[Item::new("a.txt", "content"), Item::new("b.txt", "content")]);
    for (bytes, what) in [
        (Vec::new(), "nothing"),
        (b"no archive".to_vec(), "a text"),
        (vec![0; 1 << 20], "zeros"),
        (b"PK\x05\x06".to_vec(), "a beginning"),
    ] {
        assert_eq!(
            unpack(&service, &files, bytes).await.refused(422, 50407)["name"],
            "ArchiveRefused",
            "{what}"
        );
    }
    for length in (0..good.len()).step_by(7) {
        unpack(&service, &files, good[..length].to_vec())
            .await
            .refused(422, 50407);
    }
    // A byte of a file's content that is not what its checksum says.
    let mut damaged = good.clone();
    damaged[37] ^= 1;
    refused(unpack(&service, &files, damaged).await, "cannot be read");
    nothing_is_there(&service, &files).await;
    unpack(&service, &files, good).await.expect(201);
}
