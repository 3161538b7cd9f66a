# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Devstack sources this file with a phase: docs/operate/devstack.md. It was never run in a Devstack.

OPENSTACKOID_BIN=$OPENSTACKOID_DATA/venv/bin

function install_openstackoid {
    install_package haproxy python3-venv
    stop_service haproxy
    disable_service_at_boot haproxy
    mkdir -p "$OPENSTACKOID_DATA"
    python3 -m venv "$OPENSTACKOID_DATA/venv"
    # shellcheck disable=SC2153  # It is in settings.
    "$OPENSTACKOID_BIN/pip" install --quiet --require-hashes --requirement "$OPENSTACKOID_DIR/constraints/gateway.lock"
    # Build with the setuptools of gateway.lock.
    "$OPENSTACKOID_BIN/pip" install --quiet --no-deps --no-build-isolation "$OPENSTACKOID_DIR"
}

function disable_service_at_boot {
    sudo systemctl disable "$1"
}

# Apache listens on another port, and leaves port 80 to the gateway: the catalog and the services' configuration stay.
function move_apache {
    local from=$1 to=$2
    sudo sed -i "s/^Listen $from\$/Listen $to/" "$(get_apache_ports_file)"
    restart_apache_server
}

function get_apache_ports_file {
    if is_ubuntu; then
        echo /etc/apache2/ports.conf
    else
        echo /etc/httpd/conf/httpd.conf
    fi
}

function configure_openstackoid {
    local endpoints=$OPENSTACKOID_DATA/endpoints.json mesh=$OPENSTACKOID_DATA/mesh.yaml
    if [[ -n "$OPENSTACKOID_MESH" ]]; then
        cp "$OPENSTACKOID_MESH" "$mesh"
        return
    fi
    openstack --os-cloud devstack-admin endpoint list --format json \
        -c "Service Type" -c Interface -c URL -c Region > "$endpoints"
    "$OPENSTACKOID_BIN/openstackoid" discover --name "$OPENSTACKOID_CLOUD" --region "$REGION_NAME" \
        --endpoints "$endpoints" --output "$mesh"
    "$OPENSTACKOID_BIN/python" "$OPENSTACKOID_DIR/devstack/behind_apache.py" "$mesh" "$OPENSTACKOID_APACHE_PORT"
}

function start_openstackoid {
    local gateway="--cloud $OPENSTACKOID_CLOUD --config $OPENSTACKOID_DATA/mesh.yaml --haproxy system"
    # The gateway runs as the user of Devstack.
    sudo sysctl --quiet --write net.ipv4.ip_unprivileged_port_start=80
    move_apache 80 "$OPENSTACKOID_APACHE_PORT"
    run_process openstackoid \
        "$OPENSTACKOID_BIN/openstackoid gateway run $gateway --state-dir $OPENSTACKOID_DATA/state"
    wait_for_service 60 "http://$SERVICE_HOST/.openstackoid/health"
}

function stop_openstackoid {
    stop_process openstackoid
    move_apache "$OPENSTACKOID_APACHE_PORT" 80
}

if is_service_enabled openstackoid; then
    case "$1 ${2:-}" in
        "stack install") install_openstackoid ;;
        "stack extra")
            configure_openstackoid
            start_openstackoid
            ;;
        "unstack ") stop_openstackoid ;;
        "clean ") sudo rm -rf "$OPENSTACKOID_DATA" ;;
    esac
fi
