//! Descriptors in each format, cut down to what is read.

use super::*;

fn read(text: &str) -> Descriptor {
    let (descriptor, faults) = read_vnfd(text);
    assert!(faults.is_empty(), "{faults:?}");
    descriptor.expect("a known format")
}

fn shown(found: Found<'_>) -> String {
    let one = |i: &Interface| {
        let unit = i.unit.as_deref().unwrap_or("-");
        format!("{} of {unit}, {}", i.name, i.kind.as_deref().unwrap_or("-"))
    };
    match found {
        Found::One(i) => one(i),
        Found::Internal(i) => format!("inside: {}", one(i)),
        Found::Several(all) => all.into_iter().map(one).collect::<Vec<_>>().join("; "),
        Found::None => "none".into(),
    }
}

fn images(descriptor: &Descriptor) -> Vec<&str> {
    descriptor.units.iter().filter_map(|unit| unit.image.as_deref()).collect()
}

const OPENMANO: &str = "---
vnf:
    name: two
    internal-connections:
    -   {name: datanet, type: data, elements: [{VNFC: vm1, local_iface_name: xe0}, {VNFC: vm2, local_iface_name: xe0}]}
    external-connections:
    -   {name: control0, type: mgmt, VNFC: vm1, local_iface_name: eth0}
    -   {name: control1, type: mgmt, VNFC: vm2, local_iface_name: eth0}
    -   {name: in, type: data, VNFC: vm1, local_iface_name: xe1}
    VNFC:
    -   name: vm1
        VNFC image: /images/a.qcow2
        numas: [{interfaces: [{name: xe0}, {name: xe1}, {name: xe7}]}]
        bridge-ifaces: [{name: eth0}]
    -   {name: vm2, VNFC image: /images/b.qcow2}
";

#[test]
fn openmano_has_external_and_internal_connections() {
    let descriptor = read(OPENMANO);
    assert_eq!(descriptor.format, "OpenMANO");
    assert_eq!(images(&descriptor), ["/images/a.qcow2", "/images/b.qcow2"]);
    assert_eq!(shown(descriptor.find("xe1")), "xe1 of vm1, data");
    assert_eq!(shown(descriptor.find("in")), "in of vm1, data");
    assert_eq!(shown(descriptor.find("eth0")), "eth0 of vm1, mgmt; eth0 of vm2, mgmt");
    assert_eq!(shown(descriptor.find("eth0.vm2")), "eth0 of vm2, mgmt");
    assert_eq!(shown(descriptor.find("eth0.VM2")), "eth0 of vm2, mgmt");
    assert_eq!(shown(descriptor.find("xe0")), "inside: xe0 of vm1, data");
    assert_eq!(shown(descriptor.find("xe7")), "inside: xe7 of vm1, -");
    assert_eq!(shown(descriptor.find("ge0")), "none");
    assert_eq!(descriptor.names(), ["eth0", "control0", "control1", "xe1", "in"]);
}

#[test]
fn a_dangling_unit_is_warned_of_at_its_line() {
    let text = OPENMANO.replace("VNFC: vm2, local_iface_name: eth0", "VNFC: vn2, local_iface_name: eth0");
    let (_, faults) = read_vnfd(&text);
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!(&text[fault.primary.start as usize..fault.primary.end as usize], "vn2");
    assert_eq!(fault.help.as_deref(), Some("did you mean `vm2`?"));
}

#[test]
fn osm_has_connection_points_and_interfaces() {
    for prefix in ["vnfd:", ""] {
        let text = "P:vnfd-catalog:
  Q:vnfd:
  - id: fw
    connection-point: [{name: eth0, type: VPORT}, {name: fw/cp1, type: VPORT}]
    vdu:
    - id: vm
      image: fw.img
      external-interface:
      - {name: eth0, virtual-interface: {type: VIRTIO}, vnfd-connection-point-ref: eth0}
      - {name: eth1, virtual-interface: {type: OM-MGMT}, vnfd-connection-point-ref: fw/cp1}
      internal-interface: [{name: ens4, virtual-interface: {type: VIRTIO}}]
";
        let descriptor = read(&text.replace("P:", prefix).replace("Q:", prefix));
        assert_eq!((descriptor.format, images(&descriptor)), ("OSM", vec!["fw.img"]));
        assert_eq!(shown(descriptor.find("eth0")), "eth0 of vm, VPORT");
        assert_eq!(shown(descriptor.find("fw/cp1")), "fw/cp1 of vm, VPORT");
        assert_eq!(shown(descriptor.find("eth1.vm")), "eth1 of vm, VPORT");
        assert_eq!(shown(descriptor.find("ens4")), "inside: ens4 of vm, VIRTIO");
    }
}

#[test]
fn sol006_has_external_connection_points() {
    let text = "vnfd:
  id: hackfest
  ext-cpd:
  - {id: mgmt-ext, int-cpd: {cpd: mgmt-int, vdu-id: vm}}
  - {id: data-ext, layer-protocol: [ethernet], int-cpd: {cpd: data-int, vdu-id: vm}}
  sw-image-desc: [{id: ubuntu, image: ubuntu.img}]
  vdu:
  - id: vm
    sw-image-desc: ubuntu
    int-cpd:
    - {id: mgmt-int, virtual-network-interface-requirement: [{name: eth0}]}
    - {id: data-int, virtual-network-interface-requirement: [{name: eth1}]}
    - {id: hidden, int-virtual-link-desc: internal}
";
    for text in [text.to_owned(), text.replace("vnfd:\n", "etsi-nfv-vnfd:vnfd:\n")] {
        let descriptor = read(&text);
        assert_eq!((descriptor.format, images(&descriptor)), ("SOL006", vec!["ubuntu.img"]));
        assert_eq!(shown(descriptor.find("data-ext")), "data-ext of vm, ethernet");
        assert_eq!(shown(descriptor.find("eth0")), "eth0 of vm, -");
        assert_eq!(shown(descriptor.find("hidden")), "inside: hidden of vm, -");
    }
}

#[test]
fn sol001_has_connection_points_of_derived_types_too() {
    let text = "tosca_definitions_version: tosca_simple_yaml_1_2
node_types:
  company.Cp: {derived_from: tosca.nodes.nfv.VduCp}
topology_template:
  substitution_mappings:
    node_type: company.VNF
    requirements:
      virtual_link_external: [ CP1, virtual_link ]
  node_templates:
    VDU1:
      type: tosca.nodes.nfv.Vdu.Compute
      artifacts: {sw_image: {type: tosca.artifacts.nfv.SwImage, file: ../Files/a.img}}
    CP1:
      type: company.Cp
      properties: {layer_protocols: [ ipv4 ]}
      requirements: [virtual_binding: VDU1]
    CP2:
      type: tosca.nodes.nfv.CP
      requirements: [virtualBinding: {node: VDU1}]
    link: {type: tosca.nodes.nfv.VnfVirtualLink}
";
    let descriptor = read(text);
    assert_eq!((descriptor.format, images(&descriptor)), ("SOL001", vec!["../Files/a.img"]));
    assert_eq!(shown(descriptor.find("CP1")), "CP1 of VDU1, ipv4");
    assert_eq!(shown(descriptor.find("virtual_link_external")), "virtual_link_external of VDU1, ipv4");
    assert_eq!(descriptor.names(), ["CP1", "CP2", "virtual_link_external"]);
}

#[test]
fn ifa_is_read_from_json() {
    let text = r#"{ "vnfdId": "vnf1",
	"vdu": [ { "vduId": "vdu11", "intCpd": [ { "cpdId": "VduCp11", "layerProtocol": "E-LAN" } ] } ],
	"vnfExtCpd": [ { "cpdId": "VnfExtCp11", "layerProtocol": "E-LAN" }, { "cpdId": "VnfExtCp12" } ] }"#;
    let descriptor = read(text);
    assert_eq!(descriptor.format, "IFA011");
    assert_eq!(shown(descriptor.find("VnfExtCp11")), "VnfExtCp11 of -, E-LAN");
    assert_eq!(shown(descriptor.find("VduCp11")), "inside: VduCp11 of vdu11, E-LAN");
}

#[test]
fn what_is_no_descriptor_is_said_where_it_begins() {
    for (text, at) in [("heat_template_version: 2018\n", 0), ("- a\n", 0), ("", 0), ("vnf: [a\n", 7)] {
        let (descriptor, faults) = read_vnfd(text);
        assert!(descriptor.is_none());
        assert_eq!(faults.iter().map(|f| f.code).collect::<Vec<_>>(), [Code::E0451], "{text:?}");
        assert!(faults[0].primary.start as usize >= at, "{text:?}: {faults:?}");
    }
}
