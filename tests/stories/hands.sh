# Hands for the scripts of test_real_window.py, beside those of drive_window.sh: parts are found by name, as the
# driven window says where they are.

at() { wait_log "^AT ${1} " "${2:-30}" | cut -d' ' -f3-; }                # at button:New: x y
press() { click $(at "$1" "${2:-30}"); settle 0.3; }                      # press button:New [SECONDS]

says_now() { grep "^SAY $1 " "$LOG" | tail -n 1 | grep -qE "^SAY $1 $2\$"; }
says() { # says state idle [SECONDS]: waits until what it says last about a thing matches
    until_true "${3:-30}" says_now "$1" "$2" || fail "it does not say '$1 $2' within ${3:-30} s"
}

clear_spot() { # clear_spot SHARE: x y on the canvas, so far from its left edge
    read -r left top <<<"$(at canvas:left)"
    read -r right bottom <<<"$(at canvas:right)"
    echo $((left + (right - left) * $1 / 100)) $(((top + bottom) / 2))
}

place_layer() { drag $(at "layer:$1") $(clear_spot "$2"); settle 0.5; }  # place_layer Dense 50

choose_sample() { # choose_sample penguins: in the Data panel
    press tab:Data
    press choice:Built-in_samples
    type_text "$1"
    key Return
    says data "$1"
}

write_path() { # write_path PATH: into a file dialog that is about to open
    settle 1
    key ctrl+a
    type_text "$1"
    key Return
    settle 1
}
