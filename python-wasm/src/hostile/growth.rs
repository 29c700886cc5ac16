//! Memory beyond what the policy gives (M4).

use super::{Hostile, MEMORY, MEMORY_LIMIT};
use crate::wasi::Errno;

#[tokio::test]
async fn memory_grows_to_the_policy_and_not_to_four_gigabytes() {
    const PAGE: u32 = 1 << 16;
    let mut guest = Hostile::start().await;
    guest.write(MEMORY - 4, b"last");
    let all_but_one = u32::MAX / PAGE;
    for pages in [all_but_one, all_but_one - 16, 1 << 16, u32::MAX, 17] {
        let grown = guest.call("grow", &[pages.into()]).await.unwrap();
        assert_eq!(grown, u32::MAX, "{pages}");
        assert_eq!(guest.memory.data_size(&guest.store), MEMORY as usize);
        assert_eq!(guest.read(MEMORY - 4, 4), b"last");
    }
    // The control: what the policy gives is given, zeroed, and the border moves with it.
    assert_eq!(guest.call("grow", &[16]).await.unwrap(), MEMORY / PAGE);
    assert_eq!(guest.memory.data_size(&guest.store), MEMORY_LIMIT);
    assert!(
        guest
            .read(MEMORY, MEMORY as usize)
            .iter()
            .all(|byte| *byte == 0)
    );
    assert_eq!(
        guest
            .errno("clock_res_get", &[0, (MEMORY_LIMIT - 8) as u64])
            .await,
        Ok(())
    );
    assert_eq!(
        guest
            .errno("clock_res_get", &[0, (MEMORY_LIMIT - 7) as u64])
            .await,
        Err(Errno::FAULT)
    );
    assert_eq!(guest.call("grow", &[1]).await.unwrap(), u32::MAX);
}
