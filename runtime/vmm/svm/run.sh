#!/bin/bash
# Runs the monitor's tests on architectural KVM: in QEMU, whose emulated processor has SVM, on Debian's kernel and its
# kvm-amd module. Hosts where KVM virtualises in software hide faults that only this shows. Times mean nothing here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
cache=target/svm
limit=${SVM_SECONDS:-1800}
mkdir -p "$cache"

skip() { echo "skipped: tests on emulated SVM: $1"; exit 0; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# QEMU and cpio are installed. The kernel and busybox are only unpacked: this machine keeps its own.
tools() {
  command -v qemu-system-x86_64 >/dev/null && command -v cpio >/dev/null && return
  command -v apt-get >/dev/null || skip "there is neither QEMU nor apt-get"
  { as_root apt-get update -q &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends qemu-system-x86 cpio
  } >"$cache/apt.log" 2>&1 || skip "apt-get has no qemu-system-x86 or cpio, see $cache/apt.log"
}

unpacked() {
  [ -e "$cache/root/bin/busybox" ] && compgen -G "$cache/root/boot/vmlinuz-*" >/dev/null && return
  command -v apt-get >/dev/null || skip "there is no apt-get to fetch a kernel"
  local kernel
  kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
  [ -n "$kernel" ] || skip "apt-get knows no linux-image-cloud-amd64"
  mkdir -p "$cache/debs"
  (cd "$cache/debs" && apt-get download -q "$kernel" busybox-static) >"$cache/apt.log" 2>&1 ||
    skip "apt-get cannot fetch $kernel and busybox-static, see $cache/apt.log"
  for package in "$cache"/debs/*.deb; do dpkg-deb -x "$package" "$cache/root"; done
}

# The test binaries, as cargo names them.
binaries() {
  cargo test --quiet -p rdcl-vmm --no-run --message-format=json |
    grep -v '"kind":\["example"\]' | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}

# The initial file system: busybox, modules, binaries, and the libraries that they name.
image() {
  local root=$cache/initramfs binary library module
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules,tests}
  cp "$cache/root/bin/busybox" "$root/bin/"
  cp runtime/vmm/svm/init "$root/init"
  for module in irqbypass ccp kvm kvm-amd; do
    find "$cache/root/lib/modules" -name "$module.ko" -exec cp {} "$root/modules/" \;
  done
  for binary in $1; do
    cp "$binary" "$root/tests/"
    ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -Lu "$library" "$root$library"
    done
  done
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$cache/initramfs.gz"
}

tools
unpacked
built=$(binaries)
[ -n "$built" ] || { echo "there are no test binaries" >&2; exit 1; }
image "$built"
kernel=$(compgen -G "$cache/root/boot/vmlinuz-*" | head -n 1)
timeout "$limit" qemu-system-x86_64 -M pc -accel tcg -cpu max,+svm -m 1024 -display none -no-reboot \
  -serial stdio -monitor none -kernel "$kernel" -initrd "$cache/initramfs.gz" \
  -append "console=ttyS0 quiet panic=-1 mitigations=off" </dev/null | tr -d '\r' | tee "$cache/serial.log" ||
  echo "QEMU stopped after $limit s, or failed" >&2

# The last line is the verdict; without it the machine did not get that far. A skipped test tested nothing.
grep -q '^svm: all binaries passed$' "$cache/serial.log" || { echo "tests on emulated SVM failed" >&2; exit 1; }
! grep -q '^skipped: ' "$cache/serial.log" || { echo "there is no /dev/kvm in the emulated machine" >&2; exit 1; }
