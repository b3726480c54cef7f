//! What programs come to.

use super::World;

#[test]
fn the_branch_fits_at_the_edge_and_in_the_cloud() {
    let text = include_str!("../../../../examples/branch/main.rdcl");
    let found = World::new(text).placed();
    assert_eq!(
        found,
        [
            "edge 2000..2000: nemo_lan@edge1 nemo_wan@edge1 fw@edge1/0 nat@edge1/0 \
             delay(lan -> wan) = 50us bandwidth(lan -> wan) = 200Mbps",
            "cloud 2000..2000: nemo_lan@dc nemo_wan@dc fw@dc/1 nat@dc/1 \
             delay(lan -> wan) = 600us bandwidth(lan -> wan) = 200Mbps",
        ]
    );
}
