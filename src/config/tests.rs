//! How a configuration is read, merged and shown.

use super::*;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::merged("test.toml", text, variables).map_err(|error| error.to_string())
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = load(
        "[server]\nbody = \"1 MiB\"\n[workers]\nshared = 3",
        &[
            ("CELLBLOCK_SERVER__BODY", "2 MiB"),
            ("CELLBLOCK_SESSIONS__QUEUE", "7"),
            ("HOME", "x"),
        ],
    )
    .expect("it is right");
    assert_eq!(config.server.body, Size(2 << 20));
    assert_eq!(config.workers.shared, 3);
    assert_eq!(config.sessions.queue, 7);
}

#[test]
fn unknown_keys_are_refused_by_name() {
    let error = load("[server]\nadress = \"127.0.0.1:1\"", &[]).expect_err("a typing error");
    assert!(
        error.contains("adress") && error.contains("address"),
        "{error}"
    );
    load(
        "",
        &[
            ("CELLBLOCK_URL", "http://127.0.0.1:8888"),
            ("CELLBLOCK_TOKEN", "x"),
        ],
    )
    .expect("they are for clients");
    let error = load("", &[("CELLBLOCK_TYPO", "1")]).expect_err("no section");
    assert!(error.contains("CELLBLOCK_TYPO"), "{error}");
}

#[test]
fn what_is_shown_reads_back_as_itself() {
    let shown = Config::default().to_toml();
    assert_eq!(load(&shown, &[]).expect("it reads").to_toml(), shown);
}
