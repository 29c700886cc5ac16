//! Paths that lead elsewhere, and what a guest may have put where a file is expected.

use std::os::unix::fs::symlink;

use reqwest::Method;
use serde_json::json;

use crate::support::service::{Service, answered};

#[tokio::test]
async fn no_form_of_a_path_leads_out_of_the_project() {
    let service = Service::start();
    let project = service.project("p").await;
    let files = format!("/api/v1/projects/{project}/files");
    service
        .put(&format!("/projects/{project}/files/a/b.txt"), "inside")
        .await
        .expect(201);
    let (name, long) = ("n".repeat(256), "abc/".repeat(1100));
    for path in [
        "../../../../../cellblock.db",
        "%2e%2e%2f%2e%2e%2fcellblock.db",
        "%2e%2e/%2E%2E/cellblock.db",
        "..%2f..%2fcellblock.db",
        "a/../../a",
        "a/..",
        ".",
        "./a/b.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "a//b.txt",
        "a/",
        "a%5cb.txt",
        "..%5c..%5ccellblock.db",
        "C:%5cboot.ini",
        "c%3a/boot.ini",
        "a%00.txt",
        "a/b.txt%00.png",
        "a%0ab.txt",
        "a%7fb",
        "a%c2%85b",
        "%e2%80%aegpj.exe",
        // Overlong and broken UTF-8.
        "%c0%ae%c0%ae%c0%afcellblock.db",
        "%e0%80%ae",
        "%ff%fe",
        "%ed%a0%80",
        ".htaccess",
        &name,
        &long,
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let (status, answer) = service.raw(method, &format!("{files}/{path}")).await;
            assert!(
                status == 422 && answer.contains("50404"),
                "{method} {path}: {answer}"
            );
        }
    }
    // The control: the same request with a path that is one.
    let (status, answer) = service.raw("GET", &format!("{files}/a/b.txt")).await;
    assert!(status == 200 && answer.ends_with("inside"), "{answer}");
    let (status, _) = service.raw("GET", &format!("{files}/a%2Fb.txt")).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn links_of_a_guest_are_shown_and_never_followed() {
    let service = Service::start();
    let project = service.project("p").await;
    let files = format!("/projects/{project}/files");
    service
        .put(&format!("{files}/own/a.txt"), "own")
        .await
        .expect(201);
    let folder = service.project_folder(&project);
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret"), "secret").expect("written");
    symlink(outside.path().join("secret"), folder.join("file")).expect("linked");
    symlink(outside.path(), folder.join("folder")).expect("linked");
    symlink(
        format!("{}/", outside.path().display()),
        folder.join("slash"),
    )
    .expect("linked");
    symlink("own/a.txt", folder.join("inner")).expect("linked");
    symlink("loop", folder.join("loop")).expect("linked");
    for path in [
        "file",
        "folder/secret",
        "slash/secret",
        "inner",
        "loop",
        "loop/x",
    ] {
        service
            .get(&format!("{files}/{path}"))
            .await
            .refused(422, 50404);
        service
            .put(&format!("{files}/{path}"), "changed")
            .await
            .refused(422, 50404);
        service
            .patch(&format!("{files}/{path}"), json!({"to": "taken"}))
            .await
            .refused(422, 50404);
        service
            .patch(
                &format!("{files}/own/a.txt"),
                json!({"to": format!("{path}/b")}),
            )
            .await
            .refused(422, 50404);
    }
    for path in ["folder", "slash", "loop"] {
        service
            .get(&format!("{files}/{path}?list"))
            .await
            .refused(422, 50404);
        service
            .get(&format!("{files}/{path}?zip"))
            .await
            .refused(422, 50404);
        service
            .put(&format!("{files}/{path}/new?directory"), "")
            .await
            .refused(422, 50404);
        service
            .put(&format!("{files}/{path}/new.txt"), "x")
            .await
            .refused(422, 50404);
    }
    service
        .delete(&format!("{files}/folder/secret"))
        .await
        .refused(422, 50404);
    let list = service
        .get(&format!("{files}?list&recursive"))
        .await
        .expect(200);
    let kinds: Vec<_> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (item["path"].as_str(), item["kind"].as_str()))
        .collect();
    let link = |name| (Some(name), Some("link"));
    let own = [
        (Some("own"), Some("folder")),
        (Some("own/a.txt"), Some("file")),
    ];
    assert_eq!(
        kinds,
        [
            link("file"),
            link("folder"),
            link("inner"),
            link("loop"),
            own[0],
            own[1],
            link("slash")
        ]
    );
    for path in ["file", "folder", "slash", "inner", "loop"] {
        service
            .delete(&format!("{files}/{path}?recursive"))
            .await
            .expect(204);
    }
    assert_eq!(
        std::fs::read_to_string(outside.path().join("secret")).expect("it is there"),
        "secret"
    );
    assert_eq!(
        service.get(&format!("{files}/own/a.txt")).await.expect(200),
        "own"
    );
}

#[tokio::test]
async fn pipes_and_sockets_are_not_waited_for() {
    let service = Service::start();
    let project = service.project("p").await;
    let files = format!("/projects/{project}/files");
    service
        .put(&format!("{files}/a.txt"), "a")
        .await
        .expect(201);
    let folder = service.project_folder(&project);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("pipe"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .expect("made");
    // Its address is too long where it shall be.
    let short = tempfile::tempdir().expect("a folder");
    let _socket = std::os::unix::net::UnixListener::bind(short.path().join("s")).expect("bound");
    std::fs::rename(short.path().join("s"), folder.join("socket")).expect("moved");
    for name in ["pipe", "socket"] {
        service
            .get(&format!("{files}/{name}"))
            .await
            .refused(422, 50404);
        service
            .put(&format!("{files}/{name}"), "x")
            .await
            .refused(422, 50404);
        service
            .get(&format!("{files}/{name}?list"))
            .await
            .refused(422, 50404);
        service
            .patch(
                &format!("{files}/a.txt"),
                json!({"to": name, "replace": true}),
            )
            .await
            .refused(409, 50402);
    }
    let list = service.get(&format!("{files}?list")).await.expect(200);
    let kinds: Vec<_> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(kinds, ["file", "other", "other"]);
    service.delete(&format!("{files}/pipe")).await.expect(204);
    service.get(&format!("{files}/a.txt")).await.expect(200);
}

#[tokio::test]
async fn names_that_differ_only_in_case_or_encoding_are_refused() {
    let service = Service::start();
    let project = service.project("p").await;
    let files = format!("/projects/{project}/files");
    service
        .put(&format!("{files}/Caf\u{e9}/Data.csv"), "a")
        .await
        .expect(201);
    for path in [
        "Caf\u{e9}/data.csv",
        "Caf\u{e9}/DATA.CSV",
        "CAF\u{c9}/other.csv",
        "Cafe\u{301}/other.csv",
        "cafe\u{301}",
    ] {
        let refusal = service
            .put(&format!("{files}/{path}"), "x")
            .await
            .refused(422, 50404);
        assert!(
            refusal["message"]
                .as_str()
                .is_some_and(|message| message.contains("differs only in case")),
            "{refusal}"
        );
    }
    service
        .put(&format!("{files}/cAF\u{e9}?directory"), "")
        .await
        .refused(422, 50404);
    service
        .put(&format!("{files}/b.txt"), "b")
        .await
        .expect(201);
    service
        .patch(
            &format!("{files}/b.txt"),
            json!({"to": "Caf\u{e9}/DATA.csv"}),
        )
        .await
        .refused(422, 50404);
    service
        .put(&format!("{files}/Caf\u{e9}/Data.csv"), "again")
        .await
        .expect(200);
    service
        .put(&format!("{files}/Caf\u{e9}/Data2.csv"), "another")
        .await
        .expect(201);
}

#[tokio::test]
async fn times_and_names_of_a_guest_are_only_data() {
    let service = Service::start();
    let project = service.project("p").await;
    let files = format!("/projects/{project}/files");
    service.get(&format!("{files}?list")).await.expect(200);
    let folder = service.project_folder(&project);
    use std::os::unix::ffi::OsStrExt as _;
    let broken = std::ffi::OsStr::from_bytes(b"a\xff\n\x1b[2J");
    let file = std::fs::File::create(folder.join(broken)).expect("made");
    for seconds in [i64::MIN / 2, -62_200_000_000, -1, i64::MAX / 2] {
        let time = rustix::fs::Timespec {
            tv_sec: seconds,
            tv_nsec: 0,
        };
        // What the file system does not take stays as it was.
        let _ = rustix::fs::futimens(
            &file,
            &rustix::fs::Timestamps {
                last_access: time,
                last_modification: time,
            },
        );
        let list = service.get(&format!("{files}?list")).await.expect(200);
        assert!(
            list["items"][0]["modified"]
                .as_str()
                .is_some_and(|time| time.ends_with('Z')),
            "{list}"
        );
        let zip = answered(service.request(Method::GET, &format!("{files}?zip"))).await;
        assert_eq!(zip.status, 200);
    }
}
