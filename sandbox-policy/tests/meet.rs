//! A ceiling never gives more than it has, and never more than was asked for.

use std::path::Path;

use proptest::prelude::*;
use sandbox_policy::{
    Access, Egress, Grant, GuestPath, ImageRule, LIMIT_TABLE, LimitField, LimitUnit, Limits, Policy,
};

/// Host and guest folders of the tests: few, so that grants often meet.
const HOSTS: [&str; 5] = ["/srv", "/srv/a", "/srv/a/in", "/srv/b", "/other"];
const GUESTS: [&str; 5] = ["/data", "/data/a", "/data/a/in", "/data/b", "/home/user"];

fn limits() -> impl Strategy<Value = Limits> {
    let numbers = LIMIT_TABLE
        .iter()
        .map(|range| range.minimum.number()..=range.maximum.number())
        .collect::<Vec<_>>();
    numbers.prop_map(|numbers| {
        let mut limits = Policy::profile("notebook").unwrap().limits;
        for (range, number) in LIMIT_TABLE.iter().zip(numbers) {
            let unit = match range.unit {
                LimitUnit::Time => " ms",
                LimitUnit::Bytes => " B",
                LimitUnit::Fuel | LimitUnit::Count | LimitUnit::PerSecond => "",
            };
            limits.set(range.name, &format!("{number}{unit}")).unwrap();
        }
        limits
    })
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![Just(Access::ReadOnly), Just(Access::ReadWrite)]
}

/// Grants whose guest folders do not nest, as a valid policy has them.
fn files() -> impl Strategy<Value = Vec<Grant>> {
    let one = (
        prop::sample::select(&HOSTS[..]),
        prop::sample::select(&GUESTS[..]),
        access(),
    );
    prop::collection::vec(one, 0..4).prop_map(|wanted| {
        let mut files: Vec<Grant> = Vec::new();
        for (host, guest, access) in wanted {
            let grant = Grant::new(host, guest, access).unwrap();
            let nests = |other: &Grant| {
                grant.guest.below(&other.guest).is_some()
                    || other.guest.below(&grant.guest).is_some()
            };
            if !files.iter().any(nests) {
                files.push(grant);
            }
        }
        files
    })
}

fn images() -> impl Strategy<Value = ImageRule> {
    prop_oneof![
        Just(ImageRule::Any),
        prop::collection::btree_set(prop::sample::select(vec!["base", "data", "ml"]), 0..3)
            .prop_map(ImageRule::listed),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    (limits(), files(), images()).prop_map(|(limits, files, images)| {
        let policy = Policy {
            name: "test".to_owned(),
            egress: Egress::None,
            images,
            limits,
            files,
        };
        policy.validate().unwrap();
        policy
    })
}

/// Returns what a policy allows at one guest path, and which host folder lies there.
fn seen(policy: &Policy, guest: &str) -> Option<(std::path::PathBuf, Access)> {
    let guest = GuestPath::new(guest).unwrap();
    policy.files.iter().find_map(|grant| {
        let rest = guest.below(&grant.guest)?;
        let host = if rest.is_empty() {
            grant.host.clone()
        } else {
            grant.host.join(rest)
        };
        Some((host, grant.access))
    })
}

proptest! {
    #[test]
    fn nothing_is_widened(ceiling in policy(), request in policy()) {
        let met = ceiling.meet(&request).policy;
        for field in LimitField::all() {
            prop_assert!(met.limits.get(field) <= ceiling.limits.get(field), "{} over the ceiling", field);
            prop_assert!(met.limits.get(field) <= request.limits.get(field), "{} over the request", field);
        }
        for name in ["base", "data", "ml", "another"] {
            let both = ceiling.images.allows(name) && request.images.allows(name);
            prop_assert_eq!(met.images.allows(name), both);
        }
        for guest in GUESTS.iter().copied().chain(["/data/a/in/deep", "/data/c"]) {
            if let Some((host, access)) = seen(&met, guest) {
                for side in [&ceiling, &request] {
                    let (side_host, side_access) = seen(side, guest).expect("seen on both sides");
                    prop_assert_eq!(&host, &side_host);
                    prop_assert!(access <= side_access);
                }
            }
        }
        prop_assert!(met.validate().is_ok());
    }

    #[test]
    fn what_is_narrowed_is_named(ceiling in policy(), request in policy()) {
        let met = ceiling.meet(&request);
        let named = |field: &str| met.narrowed.iter().any(|narrowed| narrowed.field == field);
        for field in LimitField::all() {
            let changed = met.policy.limits.get(field) != request.limits.get(field);
            prop_assert_eq!(named(&format!("limits.{field}")), changed);
        }
        prop_assert_eq!(named("images"), met.policy.images != request.images);
        for grant in &request.files {
            let changed = !met.policy.files.contains(grant);
            prop_assert_eq!(named(&format!("files.{}", grant.guest)), changed);
        }
        prop_assert_eq!(met.narrowed.is_empty(), met.policy == request);
    }

    #[test]
    fn a_second_time_changes_nothing(ceiling in policy(), request in policy()) {
        let once = ceiling.meet(&request).policy;
        let twice = ceiling.meet(&once);
        prop_assert_eq!(&twice.policy, &once);
        prop_assert!(twice.narrowed.is_empty());
    }

    #[test]
    fn a_policy_meets_itself(policy in policy()) {
        let met = policy.meet(&policy);
        prop_assert_eq!(met.policy, policy);
        prop_assert!(met.narrowed.is_empty());
    }

    #[test]
    fn limits_and_images_do_not_depend_on_the_side(first in policy(), second in policy()) {
        let (one, other) = (first.meet(&second).policy, second.meet(&first).policy);
        prop_assert_eq!(one.limits, other.limits);
        prop_assert_eq!(one.images, other.images);
        prop_assert_eq!(one.egress, other.egress);
    }

    #[test]
    fn three_ceilings_in_any_grouping_are_one(first in policy(), second in policy(), third in policy()) {
        let left = first.meet(&second).policy.meet(&third).policy;
        let right = first.meet(&second.meet(&third).policy).policy;
        prop_assert_eq!(left.limits, right.limits);
        prop_assert_eq!(left.images, right.images);
    }

    #[test]
    fn the_text_form_is_read_back(policy in policy()) {
        prop_assert_eq!(Policy::from_toml(&policy.to_toml()).unwrap(), policy.clone());
        let json = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
    }

    #[test]
    fn no_text_panics(text in "(profile|name|images|files|limits|egress|[a-z]{1,6}|=|\\[|\\]|\"|\\{|\\}|\n|[0-9]| |notebook){0,30}") {
        let _ = Policy::from_toml(&text);
    }
}

fn with_files(files: Vec<Grant>) -> Policy {
    Policy {
        files,
        ..Policy::profile("notebook").unwrap()
    }
}

#[test]
fn a_grant_is_kept_cut_or_left_out() {
    let ceiling = with_files(vec![
        Grant::new("/srv/tenant", "/data", Access::ReadOnly).unwrap(),
    ]);
    let request = with_files(vec![
        Grant::new("/srv/tenant/in", "/data/in", Access::ReadOnly).unwrap(),
        Grant::new("/srv/tenant/out", "/data/out", Access::ReadWrite).unwrap(),
        Grant::new("/etc", "/etc", Access::ReadOnly).unwrap(),
    ]);
    let met = ceiling.meet(&request);
    let hosts: Vec<&Path> = met
        .policy
        .files
        .iter()
        .map(|grant| grant.host.as_path())
        .collect();
    assert_eq!(
        hosts,
        [Path::new("/srv/tenant/in"), Path::new("/srv/tenant/out")]
    );
    assert!(
        met.policy
            .files
            .iter()
            .all(|grant| grant.access == Access::ReadOnly)
    );
    let lines: Vec<String> = met.narrowed.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "files./data/out: /srv/tenant/out as /data/out (read-write) was asked for, /srv/tenant/out as /data/out (read-only) is granted",
            "files./etc: /etc as /etc (read-only) was asked for, nothing is granted",
        ]
    );
}

#[test]
fn a_ceiling_without_grants_grants_nothing() {
    let request = with_files(vec![Grant::new("/srv", "/data", Access::ReadOnly).unwrap()]);
    assert!(
        with_files(Vec::new())
            .meet(&request)
            .policy
            .files
            .is_empty()
    );
    // The control: what is granted by the ceiling is granted.
    assert_eq!(request.meet(&request).policy.files.len(), 1);
}
