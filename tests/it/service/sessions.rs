//! Sessions: made, run in, looked into, gone back in, forked, put to sleep.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::patience::until;
use crate::support::service::{Service, answered};

#[tokio::test]
async fn a_session_is_made_found_renamed_and_ended() {
    let service = Service::start();
    let made = service
        .post(
            "/sessions",
            json!({"name": "mine", "limits": {"memory": "1 GiB"}}),
        )
        .await;
    let location = made.header("location").expect("a location").to_owned();
    let made = made.expect(201);
    assert_eq!(
        (&made["state"], &made["image"], &made["limits"]["memory"]),
        (&json!("idle"), &json!("data"), &json!("1 GiB"))
    );
    let path = location
        .strip_prefix("/api/v1")
        .expect("it is below the API");
    service
        .patch(path, json!({"name": "renamed"}))
        .await
        .expect(200);
    let listed = service.get("/sessions?limit=1").await.expect(200);
    assert_eq!(
        (&listed["items"][0]["name"], &listed["next"]),
        (&json!("renamed"), &Value::Null)
    );
    service.delete(path).await.expect(204);
    service.get(path).await.refused(409, 20209);
    assert_eq!(
        service.get("/sessions").await.expect(200)["items"],
        json!([])
    );
    assert!(!service.data().join(format!("tenants/x{path}")).exists());
}

#[tokio::test]
async fn what_a_session_may_not_be_is_refused_by_name() {
    let service = Service::start();
    let image = service
        .post("/sessions", json!({"image": "nothing"}))
        .await
        .refused(422, 20201);
    assert_eq!(image["details"]["allowed"], json!(["data"]));
    let policy = service
        .post("/sessions", json!({"policy": "nothing"}))
        .await
        .refused(422, 20202);
    assert!(
        policy["details"]["allowed"]
            .as_array()
            .is_some_and(|names| names.contains(&json!("notebook")))
    );
    let limit = service
        .post("/sessions", json!({"limits": {"memory": "1 KiB"}}))
        .await
        .refused(422, 20203);
    assert_eq!(limit["errors"][0]["field"], "limits.memory");
    let wide = service
        .post("/sessions", json!({"policy": "trusted"}))
        .await
        .expect(201);
    let usual = service.post("/sessions", json!({})).await.expect(201);
    assert_eq!(
        wide["limits"]["fuel_per_session"], usual["limits"]["fuel_per_session"],
        "nothing goes beyond the service's policy"
    );
    let unknown = service
        .post("/sessions", json!({"nmae": "x"}))
        .await
        .refused(422, 50202);
    assert!(
        unknown["message"]
            .as_str()
            .is_some_and(|text| text.contains("nmae")),
        "{unknown}"
    );
    service.get("/sessions/none").await.refused(404, 20401);
    service
        .get("/sessions/00000000-0000-7000-8000-000000000000")
        .await
        .refused(404, 20401);
    answered(service.anonymous(Method::GET, "/api/v1/sessions"))
        .await
        .refused(401, 50301);
    answered(
        service
            .anonymous(Method::GET, "/api/v1/sessions")
            .bearer_auth("wrong"),
    )
    .await
    .refused(401, 50301);
    let token = format!("/api/v1/sessions?token={}", service.token);
    answered(service.anonymous(Method::GET, &token))
        .await
        .expect(200);
}

#[tokio::test]
async fn an_execution_is_undone_and_done_again_from_its_checkpoints() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    let second = service.run(&session, "a = 2\nb = [1]").await;
    let path = |rest: &str| format!("/sessions/{session}{rest}");
    let execution = second["execution_id"].as_str().expect("an id");
    service
        .post(&path(&format!("/executions/{execution}/undo")), json!({}))
        .await
        .expect(204);
    assert_eq!(
        service.text(&session, "a, 'b' in globals()").await,
        "(1, False)"
    );
    let (before, after) = (&second["checkpoint_before"], &second["checkpoint_after"]);
    let (before, after) = (
        before.as_str().expect("an id"),
        after.as_str().expect("an id"),
    );
    let diff = service
        .get(&path(&format!("/checkpoints/{before}/diff/{after}")))
        .await
        .expect(200);
    assert_eq!(
        (&diff["added"][0]["name"], &diff["changed"][0]["name"]),
        (&json!("b"), &json!("a"))
    );
    service
        .post(&path(&format!("/checkpoints/{after}/restore")), json!({}))
        .await
        .expect(204);
    assert_eq!(service.text(&session, "a, b").await, "(2, [1])");
    let labelled = service
        .post(&path("/checkpoints"), json!({"label": "good"}))
        .await
        .expect(201);
    let listed = service.get(&path("/checkpoints")).await.expect(200);
    assert!(
        listed["items"].as_array().is_some_and(|all| all
            .iter()
            .any(|one| one["id"] == labelled["id"] && one["label"] == "good")),
        "{listed:#}"
    );
    let first =
        service.get(&path("/executions")).await.expect(200)["items"][0]["execution_id"].clone();
    let undo = path(&format!(
        "/executions/{}/undo",
        first.as_str().expect("an id")
    ));
    service.post(&undo, json!({})).await.expect(204);
    assert_eq!(service.text(&session, "'a' in globals()").await, "False");
    let other = service.session().await;
    let foreign = format!("/sessions/{other}/checkpoints/{after}/restore");
    service.post(&foreign, json!({})).await.refused(404, 20403);
}

#[tokio::test]
async fn checkpoints_say_whether_they_led_to_the_present_state() {
    let service = Service::start_with(&[("sessions.checkpoints", "4"), ("retention.sweep", "1 s")]);
    let session = service.session().await;
    let path = |rest: &str| format!("/sessions/{session}/checkpoints{rest}");
    let mut made = Vec::new();
    for code in ["a = 1", "a = 2", "a = 3"] {
        let ran = service.run(&session, code).await;
        made.push(ran["checkpoint_after"].as_str().expect("an id").to_owned());
    }
    let line = async || -> Vec<(String, bool)> {
        let listed = service.get(&path("")).await.expect(200);
        let all = listed["items"].as_array().expect("a list").iter();
        let pair = |one: &Value| {
            let on_line = one["on_line"].as_bool().expect("it is told");
            (one["id"].as_str().expect("an id").to_owned(), on_line)
        };
        all.map(pair).collect()
    };
    let restore = async |to: &str| {
        let back = path(&format!("/{to}/restore"));
        service.post(&back, json!({})).await.expect(204);
    };
    let pairs = |of: [bool; 3]| made.iter().cloned().zip(of).collect::<Vec<_>>();
    assert_eq!(line().await, pairs([true, true, true]));
    restore(&made[0]).await;
    assert_eq!(line().await, pairs([true, false, false]));
    restore(&made[2]).await;
    assert_eq!(line().await, pairs([true, true, true]), "there and back");
    restore(&made[1]).await;
    let other = service.run(&session, "a = 4").await["checkpoint_after"].clone();
    let other = other.as_str().expect("an id").to_owned();
    let expected = [pairs([true, true, false]), vec![(other, true)]].concat();
    assert_eq!(line().await, expected);
    // What is between two of them may be forgotten.
    let label = json!({"label": "first"});
    let first = service
        .patch(&path(&format!("/{}", made[0])), label)
        .await
        .expect(200);
    assert_eq!(first["on_line"], true);
    for code in ["b = 1", "b = 2", "b = 3"] {
        service.run(&session, code).await;
    }
    until("the older ones are forgotten", || async {
        line().await.len() == 5
    })
    .await;
    let left = line().await;
    assert_eq!(left[0], (made[0].clone(), true));
    assert!(left.iter().all(|(_, on_line)| *on_line), "{left:?}");
}

#[tokio::test]
async fn a_fork_has_the_state_and_goes_its_own_way() {
    let service = Service::start();
    let session = service.session().await;
    service
        .text(&session, "a = 1\nopen('note.txt', 'w').write('x')")
        .await;
    let fork = service
        .post(
            &format!("/sessions/{session}/fork"),
            json!({"name": "twin"}),
        )
        .await
        .expect(201);
    let fork = fork["id"].as_str().expect("an id");
    assert_eq!(
        service
            .text(fork, "a += 1\na, open('note.txt').read()")
            .await,
        "(2, 'x')"
    );
    service
        .text(fork, "open('note.txt', 'w').write('changed')")
        .await;
    assert_eq!(
        service.text(&session, "a, open('note.txt').read()").await,
        "(1, 'x')"
    );
    let busy = service
        .request(Method::POST, &format!("/sessions/{session}/execute"))
        .header("prefer", "respond-async");
    answered(busy.json(&json!({"code": "a = 5\nwhile True: pass"})))
        .await
        .expect(202);
    let mut channel = service.channel(&session, 0).await;
    while !channel.until("started").await["content"]["code"]
        .to_string()
        .contains("while True")
    {}
    let fork = service
        .post(&format!("/sessions/{session}/fork"), json!({}))
        .await
        .expect(201);
    assert_eq!(
        service.text(fork["id"].as_str().expect("an id"), "a").await,
        "1"
    );
    service
        .delete(&format!("/sessions/{session}"))
        .await
        .expect(204);
}

#[tokio::test]
async fn a_sleeping_session_frees_its_memory_and_wakes_with_the_next_request() {
    let service = Service::start();
    let session = service.session().await;
    service
        .text(
            &session,
            "block = bytearray(30_000_000)\nblock[::4096] = b'x' * len(block[::4096])",
        )
        .await;
    let path = format!("/sessions/{session}");
    let asleep = service
        .post(&format!("{path}/hibernate"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&asleep["state"], &asleep["usage"]["private_bytes"]),
        (&json!("hibernated"), &json!(0))
    );
    assert_eq!(
        service.text(&session, "len(block), block[4096]").await,
        "(30000000, 120)"
    );
    assert_eq!(service.get(&path).await.expect(200)["state"], "idle");
    let restarted = service
        .post(&format!("{path}/restart"), json!({}))
        .await
        .expect(200);
    assert_eq!(restarted["checkpoint_id"], Value::Null);
    assert_eq!(
        service.text(&session, "'block' in globals()").await,
        "False"
    );
}

#[tokio::test]
async fn idle_sessions_go_to_sleep_when_memory_is_short() {
    let service = Service::start_with(&[("sessions.memory", "40 MiB")]);
    let (first, second) = (service.session().await, service.session().await);
    let fill = "block = bytearray(30_000_000)\nblock[::4096] = b'x' * len(block[::4096])";
    service.text(&first, fill).await;
    service.text(&second, fill).await;
    for _ in 0..100 {
        if service.get(&format!("/sessions/{first}")).await.expect(200)["state"] == "hibernated" {
            assert_eq!(
                service
                    .get(&format!("/sessions/{second}"))
                    .await
                    .expect(200)["state"],
                "idle"
            );
            assert_eq!(service.text(&first, "len(block)").await, "30000000");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nothing went to sleep");
}

#[tokio::test]
async fn a_project_is_the_home_of_its_sessions_and_stays_while_they_live() {
    let service = Service::start();
    let project = service
        .post("/projects", json!({"name": "data"}))
        .await
        .expect(201);
    let id = project["id"].as_str().expect("an id");
    let made = service
        .post("/sessions", json!({"project_id": id}))
        .await
        .expect(201);
    let session = made["id"].as_str().expect("an id");
    service
        .text(session, "open('made.txt', 'w').write('by a cell')")
        .await;
    let file = service
        .get(&format!("/projects/{id}/files/made.txt"))
        .await
        .expect(200);
    assert_eq!(file, "by a cell");
    let used = service.delete(&format!("/projects/{id}")).await;
    assert_eq!(
        used.refused(409, 50416)["details"]["sessions"],
        json!([session])
    );
    service
        .delete(&format!("/sessions/{session}"))
        .await
        .expect(204);
    service.delete(&format!("/projects/{id}")).await.expect(204);
    service
        .post("/sessions", json!({"project_id": id}))
        .await
        .refused(404, 50408);
}
