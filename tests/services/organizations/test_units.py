from tests.services.aws import Aws


async def test_units_make_a_tree_of_a_bounded_depth(aws: Aws) -> None:
    await aws.do("organizations:CreateOrganization")
    root = parent = (await aws.do("organizations:ListRoots"))["Roots"][0]["Id"]
    for name in "abcde":
        made = await aws.do("organizations:CreateOrganizationalUnit", ParentId=parent, Name=name)
        child = made["OrganizationalUnit"]["Id"]
        parents = (await aws.do("organizations:ListParents", ChildId=child))["Parents"]
        assert parents == [{"Id": parent, "Type": "ROOT" if parent == root else "ORGANIZATIONAL_UNIT"}]
        parent = child
    code, _ = await aws.refused("organizations:CreateOrganizationalUnit", ParentId=parent, Name="f")
    assert code == "ConstraintViolationException"
    code, _ = await aws.refused("organizations:CreateOrganizationalUnit", ParentId=root, Name="a")
    assert code == "DuplicateOrganizationalUnitException"
    await aws.do("organizations:UpdateOrganizationalUnit", OrganizationalUnitId=parent, Name="last")
    found = await aws.do("organizations:DescribeOrganizationalUnit", OrganizationalUnitId=parent)
    assert found["OrganizationalUnit"]["Name"] == "last"
    children = await aws.do("organizations:ListChildren", ParentId=root, ChildType="ORGANIZATIONAL_UNIT")
    listed = await aws.do("organizations:ListOrganizationalUnitsForParent", ParentId=root)
    assert [each["Id"] for each in children["Children"]] == [each["Id"] for each in listed["OrganizationalUnits"]]
    await aws.do("organizations:DeleteOrganizationalUnit", OrganizationalUnitId=parent)
    code, _ = await aws.refused("organizations:DescribeOrganizationalUnit", OrganizationalUnitId=parent)
    assert code == "OrganizationalUnitNotFoundException"
