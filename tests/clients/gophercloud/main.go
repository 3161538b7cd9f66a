// SPDX-License-Identifier: Apache-2.0

// The program boots a server from the image "cirros" and makes a snapshot of it. It prints the ids of the image, the server and the
// snapshot, one a line, and deletes the server. It takes its account from the environment and knows nothing of scopes.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"
)

const patience = 180 // seconds

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	flavor, network := os.Args[1], os.Args[2]
	options, err := openstack.AuthOptionsFromEnv()
	check(err)
	options.AllowReauth = true
	provider, err := openstack.AuthenticatedClient(options)
	check(err)
	region := gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	glance, err := openstack.NewImageServiceV2(provider, region)
	check(err)
	nova, err := openstack.NewComputeV2(provider, region)
	check(err)

	pages, err := images.List(glance, images.ListOpts{Name: "cirros"}).AllPages()
	check(err)
	found, err := images.ExtractImages(pages)
	check(err)
	if len(found) != 1 {
		log.Fatalf("%d images are called cirros", len(found))
	}

	server, err := servers.Create(nova, servers.CreateOpts{
		Name:      "tried-gophercloud",
		ImageRef:  found[0].ID,
		FlavorRef: flavor,
		Networks:  []servers.Network{{UUID: network}},
	}).Extract()
	check(err)
	check(servers.WaitForStatus(nova, server.ID, "ACTIVE", patience))

	snapshot, err := servers.CreateImage(nova, server.ID, servers.CreateImageOpts{Name: "tried-gophercloud"}).ExtractImageID()
	check(err)
	check(gophercloud.WaitFor(patience, func() (bool, error) {
		image, err := images.Get(glance, snapshot).Extract()
		return err == nil && image.Status == images.ImageStatusActive, err
	}))
	check(servers.Delete(nova, server.ID).ExtractErr())
	fmt.Printf("%s\n%s\n%s\n", found[0].ID, server.ID, snapshot)
}
